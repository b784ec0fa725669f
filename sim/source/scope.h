/* Functions and blocks around an address, inlined ones too, and the variables that are seen there. */
#ifndef SCOPE_H
#define SCOPE_H

#include "source/program.h"

/* From the function that really runs (DW_TAG_subprogram) inwards: blocks and inlined functions. */
struct scopes {
	Dwarf_Die die[SOURCE_DEPTH_MAX];
	unsigned count;
};

/* What is around the instruction at `address`. False: no function of the program is there. */
bool scopes_at(struct program *program, uint64_t address, struct scopes *scopes);
/* Is this scope a function: an inlined one, or the one that runs? */
bool scope_is_function(Dwarf_Die *die);
/* The code of the function that runs at an address. */
bool function_range_at(struct program *program, uint64_t address, struct address_range *range);
/* A function's name as its language has it, with the scopes around it: "a::b::c". */
void function_name(struct program *program, Dwarf_Die *die, char *text, size_t size);

/* Called with the address where each inlined copy of a function begins. */
typedef void inlined_visitor(void *context, uint64_t address);
void inlined_visit(struct program *program, Dwarf_Die *function, inlined_visitor *visitor, void *context);

/* Variables of one scope: parameters (true) or others, in order; *die is the last one, or zeroed at first. */
bool scope_variable_next(const Dwarf_Die *scope, bool parameters, Dwarf_Die *die);
/* The innermost variable of this name that a scope has. */
bool scopes_find(const struct scopes *scopes, const char *name, Dwarf_Die *die);

#endif
