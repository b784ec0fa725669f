/*
 * Symbols of every program in the machine, for traces, the debugger, checks, HTIF and signatures: the one place where an
 * address finds its name.
 *
 * A name belongs to a space. Space 0 is the host's: what runs with V=0, firmware, hypervisor or kernel. Guest number i
 * (from 0) is space i + 1; its addresses are its own (virtual or guest-physical, as it was linked), so they may equal
 * the host's. Spaces behind the guests' are of VMIDs that a user has named. A file's symbols are a module of one space:
 * of all of it, or of what runs there with one ASID: a user program.
 *
 * Which hgatp is which guest's is learned while they run (watch/spaces.h) and kept here as bindings.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPACE_HOST };
#define SPACE_UNKNOWN UINT32_MAX
#define ASID_ANY UINT32_MAX

struct symbol {
	uint64_t address, size; /* size 0: unknown until symbols_seal, then none */
	uint64_t limit; /* where its section ends; what has no size goes no further */
	size_t around;  /* the symbols' own: the smallest one of known size that it lies in, plus 1; 0: none */
	size_t order;   /* of several at one address, the highest is the one to show */
	const char *name;
	unsigned module;
	bool is_function;
	bool is_global;
};

struct symbols;

struct symbols *symbols_new(void); /* NULL: no memory */
void symbols_free(struct symbols *symbols);

/* Into its module; those that are not there are made, each of the space of its own number. The name is copied. 0, or -1:
 * no memory. */
int symbols_add(struct symbols *symbols, const struct symbol *symbol);
/* Sort what was added; before the first look-up that is to find it. A symbol of unknown size gets one: up to the next
 * symbol, the end of the symbol around it or the end of its section. */
void symbols_seal(struct symbols *symbols);

/* A file of symbols. */
struct symbol_module {
	const char *path; /* for who wants to read more of it; NULL: no file */
	const char *name; /* how users call it besides its space; NULL: not at all */
	unsigned space;
	uint32_t asid; /* ASID_ANY: not of one user program */
	size_t count; /* of symbols */
};
/* A new, empty one: its number, or -1: no memory. A name that is taken has "_2" behind it, or "_3". */
int symbols_new_module(struct symbols *symbols, const struct symbol_module *made);
size_t symbols_modules(const struct symbols *symbols);
struct symbol_module symbols_module(const struct symbols *symbols, size_t index); /* below symbols_modules */
/* Forgets a module's symbols; it stays, and is called nothing. */
void symbols_empty(struct symbols *symbols, size_t module);

/* The space of a guest is there, whether it has symbols or not. 0, or -1: no memory. */
int symbols_add_guest(struct symbols *symbols, unsigned space);
/* How users call a space; a name that is taken has "_2" behind it, or "_3". 0, or -1: no memory. */
int symbols_name_space(struct symbols *symbols, unsigned space, const char *name);
unsigned symbols_spaces(const struct symbols *symbols);
const char *symbols_space_name(const struct symbols *symbols, unsigned space); /* "": none */
/* By its name, `length` bytes of it; SPACE_UNKNOWN: none is called so. */
unsigned symbols_space_named(const struct symbols *symbols, const char *name, size_t length);
bool symbols_have_guests(const struct symbols *symbols);
bool symbols_is_guest(const struct symbols *symbols, unsigned space);

/* Under this value of hgatp this guest runs. */
struct symbol_binding {
	uint64_t hgatp;
	unsigned space;
};
int symbols_bind(struct symbols *symbols, uint64_t hgatp, unsigned space); /* 0, or -1: no memory */
void symbols_unbind(struct symbols *symbols); /* all of them */
const struct symbol_binding *symbols_binding(const struct symbols *symbols, size_t index); /* NULL past the last */
/* Whose hgatp that is; SPACE_UNKNOWN: not known. */
unsigned symbols_space_of(const struct symbols *symbols, uint64_t hgatp);
/* The space of what runs with a VMID, made if there is none. SPACE_UNKNOWN: no memory. */
unsigned symbols_space_of_vmid(struct symbols *symbols, unsigned vmid);

/* Name of the symbol that holds `address` in a space, for code of this ASID, and how far into it; in a SPACE_UNKNOWN,
 * where any guest may be the one that runs, a name that all of them give. NULL if there is none (offset untouched). All
 * look-ups take a NULL table as an empty one. */
const char *symbols_find_at(const struct symbols *symbols, unsigned space, uint32_t asid, uint64_t address,
                            uint64_t *offset);
/* Likewise, but in no user program. */
const char *symbols_find_in(const struct symbols *symbols, unsigned space, uint64_t address, uint64_t *offset);
/* Likewise in the host's space. */
const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset);

/* By name: the host's first, then guests' in order. Any result pointer may be NULL. */
bool symbols_lookup(const struct symbols *symbols, const char *name, uint64_t *address, uint64_t *size,
                    bool *is_function);
bool symbols_lookup_in(const struct symbols *symbols, unsigned space, const char *name, uint64_t *address);
/* Every module that has the name, in the same order; at most `room`. qualifier: of modules or spaces called so, `length`
 * bytes; of all, if length is 0. */
struct symbol_found {
	const struct symbol *symbol;
	unsigned space;
	uint32_t asid;
	size_t module;
};
size_t symbols_resolve(const struct symbols *symbols, const char *qualifier, size_t length, const char *name,
                       struct symbol_found *found, size_t room);
/* Is a module or space called so? */
bool symbols_is_qualifier(const struct symbols *symbols, const char *text, size_t length);

/* In order of (module, address), then those that name no byte (size 0); NULL past the end. */
const struct symbol *symbols_at(const struct symbols *symbols, size_t index);

#endif
