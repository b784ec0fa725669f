/*
 * The server's side of the SBI, for the two servers there are: the machine-mode layer, whose caller is the hypervisor,
 * and the hypervisor, whose callers are guests. A server is a table of extensions.
 */
#ifndef FIRMWARE_ARCH_SBI_SERVER_H
#define FIRMWARE_ARCH_SBI_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/sbi_spec.h"

static inline struct sbi_result sbi_error(int64_t error) { return (struct sbi_result){.error = error}; }

static inline struct sbi_result sbi_success(void) { return (struct sbi_result){.error = SBI_SUCCESS}; }

static inline struct sbi_result sbi_value(uint64_t value)
{
	return (struct sbi_result){.error = SBI_SUCCESS, .value = value};
}

struct sbi_call {
	void *caller; /* who calls, in the server's own terms */
	uint64_t extension, function;
	const uint64_t *arguments; /* a0..a5 */
};

/* Legacy extensions are one function each, so that a row may have several; their result is the error alone. */
struct sbi_extension {
	uint64_t first, last; /* extension ids */
	struct sbi_result (*serve)(const struct sbi_call *call);
};

/* Whether the table has an extension of that id. */
bool sbi_has_extension(const struct sbi_extension *extensions, unsigned count, uint64_t id);

#define SBI_IMPLEMENTATION_ID 0x72767369 /* "rvsi": none of the registered ones */
#define SBI_IMPLEMENTATION_VERSION 1

/* The base extension says the same of both servers, but for the ids of the machine, which its row serves. */
static inline struct sbi_result sbi_serve_base(const struct sbi_extension *extensions, unsigned count,
                                               const struct sbi_extension *row, const struct sbi_call *call)
{
	switch (call->function) {
	case SBI_BASE_GET_SPEC_VERSION: return sbi_value(SBI_SPEC_VERSION_2_0);
	case SBI_BASE_GET_IMPL_ID: return sbi_value(SBI_IMPLEMENTATION_ID);
	case SBI_BASE_GET_IMPL_VERSION: return sbi_value(SBI_IMPLEMENTATION_VERSION);
	case SBI_BASE_PROBE_EXTENSION: return sbi_value(sbi_has_extension(extensions, count, call->arguments[0]));
	default: return row->serve(call);
	}
}

/*
 * Serves the call in registers (a0..a7) and writes its result to a0 and a1. Inlined, with the loop unrolled, so that
 * a table that is known at compile time becomes comparisons and no loads: this is on the path of every call.
 */
static inline __attribute__((always_inline)) void sbi_serve(const struct sbi_extension *extensions, unsigned count,
                                                            void *caller, uint64_t *registers)
{
	struct sbi_call call = {
	    .caller = caller,
	    .extension = registers[7],
	    .function = registers[6],
	    .arguments = registers,
	};
	struct sbi_result result = sbi_error(SBI_ERR_NOT_SUPPORTED);

#pragma GCC unroll 16
	for (unsigned i = 0; i < count; i++) {
		if (call.extension < extensions[i].first || call.extension > extensions[i].last)
			continue;
		if (call.extension == SBI_EXT_BASE)
			result = sbi_serve_base(extensions, count, &extensions[i], &call);
		else
			result = extensions[i].serve(&call);
		break;
	}
	registers[0] = (uint64_t)result.error;
	if (call.extension > SBI_LEGACY_SHUTDOWN)
		registers[1] = result.value;
}

/* A base of hart mask arguments that means every hart there is. */
#define SBI_ALL_HARTS UINT64_MAX

/* The harts that a pair of hart mask arguments names, a bit each; false if one of them is not available. */
bool sbi_hart_mask(uint64_t mask, uint64_t base, uint64_t available, uint64_t *harts);

#endif
