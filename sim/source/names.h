/* Names of a program: functions, variables, types, enumerators and the scopes (namespaces, modules, classes) around them. */
#ifndef NAMES_OF_SOURCE_H
#define NAMES_OF_SOURCE_H

#include "source/program.h"

/* The next entry of this name that is of one of `kinds` (enum name_kind bits), from *cursor on, which begins as 0.
 * `name` may be qualified, `outer::inner::name`: then the scopes around it must end in outer::inner. Entries that only
 * declare are left out. NULL: there is none left, or no memory. */
const struct name *names_next(struct program *program, const char *name, unsigned kinds, size_t *cursor);
/* The first such. */
const struct name *names_find(struct program *program, const char *name, unsigned kinds);
/* The definition of a type of which `die` is a declaration, by its name; false: there is none. */
bool names_complete(struct program *program, Dwarf_Die *die);
/* Names in order of the alphabet, qualified: "a::b::c". False past the last. */
bool names_at(struct program *program, size_t index, char *text, size_t size, const struct name **name);
/* The scopes around an entry as "a::b::", by where it is written. Empty: none. */
void names_scope(struct program *program, Dwarf_Die *die, char *text, size_t size);

#endif
