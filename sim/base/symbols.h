/*
 * Symbols of every program in the machine, for traces, the debugger, HTIF and signatures.
 *
 * Module 0 is what runs at physical addresses: the firmware and the kernel. Guest number i (from 0) is module i + 1;
 * its addresses are its own (virtual or guest-physical, as it was linked), so they may equal the firmware's.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint64_t address, size; /* size 0: unknown until symbols_seal, then none */
	uint64_t limit; /* where its section ends; what has no size goes no further */
	size_t around;  /* the symbols' own: the smallest one of known size that it lies in, plus 1; 0: none */
	const char *name;
	unsigned module;
	bool is_function;
	bool is_global;
};

struct symbols;

struct symbols *symbols_new(void); /* NULL: no memory */
void symbols_free(struct symbols *symbols);

/* The name is copied. 0, or -1: no memory. */
int symbols_add(struct symbols *symbols, const struct symbol *symbol);
/* Sort; called once after the last symbols_add and before the first look-up. A symbol of unknown size gets one: up to the
 * next symbol, the end of the symbol around it or the end of its section. */
void symbols_seal(struct symbols *symbols);

/* Guest number `module` - 1 is there, whether it has symbols or not. */
void symbols_add_guest(struct symbols *symbols, unsigned module);

/* Name of the symbol of module 0 that holds `address`, and how far into it. NULL if there is none (offset untouched).
 * All look-ups take a NULL table as an empty one. */
const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset);
/* Likewise for one module. */
const char *symbols_find_in(const struct symbols *symbols, unsigned module, uint64_t address, uint64_t *offset);
/* Likewise for the guests, of which any may be the one that runs: a name that all of them give. */
const char *symbols_find_guest(const struct symbols *symbols, uint64_t address, uint64_t *offset);
bool symbols_have_guests(const struct symbols *symbols);

/* By name: module 0 first, then guests in order. Any result pointer may be NULL. */
bool symbols_lookup(const struct symbols *symbols, const char *name, uint64_t *address, uint64_t *size,
                    bool *is_function);
bool symbols_lookup_in(const struct symbols *symbols, unsigned module, const char *name, uint64_t *address);

/* In order of (module, address), then those that name no byte (size 0); NULL past the end. */
const struct symbol *symbols_at(const struct symbols *symbols, size_t index);
/* Number of the last module, plus one. */
unsigned symbols_modules(const struct symbols *symbols);

#endif
