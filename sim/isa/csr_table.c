/* The rows of csr.def as data for the debugger, the disassembler and tests: names, fields and their meanings. */
#include "isa/csr_table.h"

#include <string.h>

/* One array of fields a CSR: a CSR row ends the array before it and begins its own. */
static const struct csr_field fields_before_first[] __attribute__((unused)) = {
#define CSR(num, name, ...)                                                                                            \
	}                                                                                                              \
	;                                                                                                              \
	static const struct csr_field fields_##name[] = {
#define FIELD(csr, name, low, width, meaning) {#name, low, width, meaning},
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

static const struct csr_info infos[] = {
#define CSR(num, name, ...) {num, #name, fields_##name, sizeof fields_##name / sizeof(struct csr_field)},
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

enum { INFO_COUNT = sizeof infos / sizeof infos[0] };

const struct csr_info *csr_info_at(size_t index) { return index < INFO_COUNT ? &infos[index] : NULL; }

const struct csr_info *csr_info(unsigned num)
{
	for (size_t i = 0; i < INFO_COUNT; i++)
		if (infos[i].num == num)
			return &infos[i];
	return NULL;
}

const struct csr_info *csr_info_by_name(const char *name)
{
	for (size_t i = 0; i < INFO_COUNT; i++)
		if (strcmp(infos[i].name, name) == 0)
			return &infos[i];
	return NULL;
}

/* ---- registers in registers ---- */

enum {
#define CSR(num, name, ...) NUMBER_##name = (num),
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
};

/* norm:mip_mie_alias norm:hip_vssip_vssie_op */
static const struct {
	uint16_t num, holder;
} held[] = {
    {NUMBER_sstatus, NUMBER_mstatus}, {NUMBER_sie, NUMBER_mie},           {NUMBER_hie, NUMBER_mie},
    {NUMBER_vsie, NUMBER_mie},        {NUMBER_sip, NUMBER_mip},           {NUMBER_hip, NUMBER_mip},
    {NUMBER_vsip, NUMBER_mip},        {NUMBER_hvip, NUMBER_mip},          {NUMBER_fcsr, NUMBER_fflags},
    {NUMBER_fcsr, NUMBER_frm},        {NUMBER_hcontext, NUMBER_mcontext}, {NUMBER_mcontext, NUMBER_hcontext},
};

unsigned csr_holders(unsigned num, uint16_t *holders)
{
	unsigned count = 0;
	for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
		if (held[i].num == num && count < CSR_HOLDERS_MAX)
			holders[count++] = held[i].holder;
	return count;
}
