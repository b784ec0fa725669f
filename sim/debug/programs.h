/* The programs of the machine with their debug information, and the view of a hart that questions about them are asked with. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "debug/debugger.h"
#include "source/lines.h"
#include "source/view.h"

/* A program by its number, in the order of symbols' modules; NULL past the last. Those without debug information are there,
 * too. Files are read when somebody first asks. */
struct program *debug_program_at(struct debugger *debugger, size_t index);
/* Whose code it is: the host's, a guest's. */
struct debug_place debug_program_place(struct debugger *debugger, const struct program *program);
/* Which program is this hart in, in this mode, at this address? NULL: none that is known. */
struct program *debug_program(struct debugger *debugger, struct hart *hart, enum mode mode, uint64_t address);
/* The line of an instruction of the hart. False: nobody knows. */
bool debug_line(struct debugger *debugger, struct hart *hart, enum mode mode, uint64_t address,
                struct source_line *line);

/* One that a user has named, of a space and ASID, from where it was loaded; the names of its sections are copied. `instead`: of all
 * others of that space. What cannot be read is left out. */
void programs_add(struct debugger *debugger, const char *path, const struct debug_place *place,
                  const struct program_place *loaded, bool instead);
void programs_free(struct debugger *debugger);

#endif
