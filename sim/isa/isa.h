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

/* Parse an ISA string, in any case, and close over requirements (D needs F, F needs Zicsr...). 0, or -1 with a one-line
 * reason in `error`. It is
 *   rv64imafdch_zicsr2p0_sstc   as the specification, linkers and device trees write it: versions, any order, names
 *                               twice; 'g' is imafd_zicsr_zifencei
 *   rva22s64_zfh                what a profile mandates, and more; refused by name if something mandated is not here
 *   all, sha                    isa_all(); isa_default() and the augmented hypervisor extension
 * each with ",-h,+sstc..." behind it, or such a list alone, which changes the default. */
int isa_parse(const char *text, struct isa *isa, char *error, size_t size);

/* Turn one extension, or a group such as "zkn", on with what it needs, or off with what needs it. 0, or -1 as isa_parse. */
int isa_change(struct isa *isa, const char *name, bool on, char *error, size_t size);

/* Add an extension with all that it needs; take one away with all that needs it. */
void isa_add(struct isa *isa, enum ext ext);
void isa_remove(struct isa *isa, enum ext ext);

/* An extension's name, for a device tree; NULL where the hart has it not, or it is none to be named. Names in the order of
 * enum ext are in canonical order. */
const char *isa_name(const struct isa *isa, enum ext ext);

/* Canonical string ("rv64imafdch_zicntr_..."). Short: as riscv,isa has it, at most 250 characters. */
void isa_string(const struct isa *isa, char *text, size_t size);
void isa_short_string(const struct isa *isa, char *text, size_t size);
uint64_t isa_misa(const struct isa *isa);

#endif
