/* Which extensions a hart has. --isa strings become a set; misa and the device tree follow it. */
#ifndef ISA_H
#define ISA_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

enum ext {
#define EXT(id, name, on, meaning) EXT_##id,
#include "isa/ext.def"
#undef EXT
	EXT_COUNT
};

struct isa {
	uint64_t bits[2];
};

static inline bool isa_has(const struct isa *isa, enum ext ext) { return isa->bits[ext / 64] >> (ext % 64) & 1; }

/* The extensions that ext.def says are on by default; with those that it says `all` brings. */
struct isa isa_default(void);
struct isa isa_all(void);

/* Parse "rv64imafdch_zicsr_sstc..." ('g' = imafd_zicsr_zifencei; case-insensitive; "all"; after a leading '+' or '-'
 * list such as "-h,-sstc" changes the default). Closes over requirements (D needs F, F needs Zicsr...).
 * 0, or -1 with a one-line reason in `error`. */
int isa_parse(const char *text, struct isa *isa, char *error, size_t size);

/* Turn one extension, or a group such as "zkn", on with what it needs, or off with what needs it. 0, or -1 as isa_parse. */
int isa_change(struct isa *isa, const char *name, bool on, char *error, size_t size);

/* Add an extension with all that it needs; take one away with all that needs it. */
void isa_add(struct isa *isa, enum ext ext);
void isa_remove(struct isa *isa, enum ext ext);

/* Canonical string for the device tree's riscv,isa ("rv64imafdch_zicntr_..."). */
void isa_string(const struct isa *isa, char *text, size_t size);
uint64_t isa_misa(const struct isa *isa);

#endif
