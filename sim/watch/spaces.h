/*
 * Which guest runs under which hgatp, found out while a hypervisor runs that nobody has told us about.
 *
 * What a guest's file says is to lie in its memory was there when the machine started: pieces, each at a guest-physical
 * address. When an hgatp is first seen in force with V=1, its G-stage table is asked what lies there now. The guest
 * whose file it is, and no other, gets the symbols (symbols_bind). So it works for any hypervisor that loads its guests
 * where their files say, whatever structures it keeps, and neither depends on the order in which it starts them nor on
 * how it numbers VMIDs. Of a flat image it is known only what it holds: it is looked for where the guest is entered first.
 *
 * Where memory is given out on demand, little is there at first: unknown hgatps are looked at again at their second,
 * fourth, eighth... entry, and whenever a guest is entered where a file begins: an hgatp may have become another's. Guests
 * of the same file are told apart by VMIDs: they are taken to be numbered as guests are. What stays unknown has the
 * names that all guests agree on.
 */
#ifndef SPACES_H
#define SPACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct observer;
struct spaces;
struct state_reader;
struct state_writer;
struct symbols;
struct trace;

/* The table has its guests and gets its bindings. NULL: no memory. */
struct spaces *spaces_new(struct symbols *symbols);
void spaces_free(struct spaces *spaces);

/* Where a guest's file begins: guest-physical. */
int spaces_entry(struct spaces *spaces, unsigned space, uint64_t gpa); /* 0, or -1: no memory */
/* What its file puts there; `flat`: at so many bytes from where it is entered first. */
int spaces_piece(struct spaces *spaces, unsigned space, bool flat, uint64_t gpa, const uint8_t *bytes, size_t size);

/* Who is told of what was found out; NULL: nobody. */
void spaces_trace(struct spaces *spaces, struct trace *trace);

/* As one of the harts' observers, before those that use names: its first member. */
static inline struct observer *spaces_observer(struct spaces *spaces) { return (struct observer *)spaces; }

/* What is known so far: section "spaces". Restored into one of the same guests; false: refused. */
void spaces_save(const struct spaces *spaces, struct state_writer *writer);
bool spaces_restore(struct spaces *spaces, struct state_reader *reader);

#endif
