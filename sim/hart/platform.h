/* What a hart knows of the machine around it: time and the legal choices of its implementation. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

struct hart;

struct platform {
	uint64_t cycles_per_tick;  /* core cycles per mtime tick (mtime runs at 10 MHz) */
	uint64_t time_offset;      /* ticks, modulo 2^64: what writes to mtime added to it */
	unsigned hart_count;       /* 1..HARTS_MAX */
	unsigned pmp_entries;      /* 0, 16 or 64 */
	unsigned asid_bits;        /* 0..16 */
	unsigned vmid_bits;        /* 0..14 */
	unsigned geilen;           /* guest external interrupts, 0..63 */
	uint64_t rnmi_vector;      /* where RNMIs go; 0: mtvec.BASE */
	uint64_t rnmi_exception_vector; /* where exceptions in M-mode go while NMIE is 0; 0: as ever by mtvec */
	uint64_t rnmi_cycle;       /* when line 0 of every hart rises by itself; 0: never */
	unsigned hpm_counters;     /* 0..29: mhpmcounter3 and on; the others are read-only 0 */
	bool time_absent;          /* no time CSR: reads are for M-mode to emulate */
	bool tinst_zero;           /* mtinst/htinst always 0 instead of transformed instructions */
	bool tval_zero;            /* mtval/stval written 0 where the spec allows */
	bool tval2_zero;           /* mtval2/htval written 0 instead of guest-physical addresses */
	bool misaligned_traps;     /* misaligned loads and stores raise exceptions instead of working */
	bool envcfg_absent;        /* senvcfg and henvcfg do not exist, as before privileged 1.12 */
	bool little_endian;        /* MBE, SBE, UBE and VSBE are read-only 0 */
	bool svade_only;           /* menvcfg.ADUE is read-only 0: A/D by page fault */
	/* --timing from=: where it begins, until it has; whether hints switch it, and what the last one asked for. */
	struct {
		bool at_pc, guest; /* guest: of V=1 */
		uint64_t pc;
		bool hints;
		enum { TIMING_STAYS, TIMING_GOES_ON, TIMING_GOES_OFF } request;
	} timing;
	unsigned tlb_entries;      /* per hart; 1 in hostile builds */
	unsigned block_ops;        /* most instructions in a block; 1 in hostile builds */
	bool flush_always;         /* hostile: forget every translation at each block */
	/* The hart is about to do what others may notice, and they may be behind it: let them run to where it is.
	 * NULL: all are. */
	void (*catch_up)(struct hart *hart);
	bool caught_up;            /* they have, and what comes next may have changed for them */
};

/* mtime at a given cycle. */
static inline uint64_t platform_time(const struct platform *platform, uint64_t cycle)
{
	return cycle / platform->cycles_per_tick + platform->time_offset;
}

/* First cycle at which mtime >= time; UINT64_MAX when that is past the end of time. An mtime that was set back counts
 * as running from below zero, not as having wrapped. */
static inline uint64_t platform_cycle_of(const struct platform *platform, uint64_t time)
{
	__int128 tick = (__int128)time - (int64_t)platform->time_offset;
	if (tick <= 0)
		return 0;
	__int128 cycle = tick * (__int128)platform->cycles_per_tick;
	return cycle >= (__int128)UINT64_MAX ? UINT64_MAX : (uint64_t)cycle;
}

#endif
