/* Floating-point state, CSRs and registers over switches between worlds. */
#include "rt.h"

static const enum mode modes[] = { MODE_U, MODE_S, MODE_M, MODE_VU, MODE_VS };

static void set_fs(unsigned hs, unsigned vs)
{
	csrc(CSR_SSTATUS, STATUS_FS), csrs(CSR_SSTATUS, (u64)hs << 13);
	csrc(CSR_VSSTATUS, STATUS_FS), csrs(CSR_VSSTATUS, (u64)vs << 13);
}
static unsigned hs_fs(void)
{
	return csrr(CSR_SSTATUS) >> 13 & 3;
}
static unsigned vs_fs(void)
{
	return csrr(CSR_VSSTATUS) >> 13 & 3;
}

/* Instructions that change floating-point state make it dirty: in both with V=1, in HS's alone with V=0. */
static void dirty(void)
{
	static u64 cell;
	static const u32 writers[] = {
		FLD,
		FLW,
		FADD_D(1, 2, 3),
		FMV_D_X(5, A1),
		CSRW(CSR_FCSR, A2),
		CSRW(CSR_FRM, A2),
		CSRW(CSR_FFLAGS, A2),
		CSRRSI(0, CSR_FFLAGS, 1),
		0x2188, /* c.fld fa0, 0(a1) */
	};
	reset();
	for (unsigned i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		for (unsigned hs = 1; hs < 4; hs++) {
			for (unsigned vs = 1; vs < 4; vs++) {
				for (unsigned m = 0; m < 5; m++) {
					set_fs(hs, vs);
					bool v = modes[m] & 4;
					context("word, hs | vs << 2 | mode << 4", writers[i],
						hs | vs << 2 | modes[m] << 4);
					CHECK("vsstatus_fs_op", finished(try(modes[m], writers[i], (u64)&cell, 0)));
					CHECK("vsstatus_fs_op", hs_fs() == 3 && vs_fs() == (v ? 3 : vs));
					CHECK("vsstatus_sd_xs_op",
					      csrr(CSR_SSTATUS) >> 63 && csrr(CSR_VSSTATUS) >> 63 == (v || vs == 3));
				}
			}
		}
	}
	/* a refused instruction changes nothing */
	for (unsigned m = 3; m < 5; m++) {
		set_fs(2, 0);
		CHECK("vsstatus_fs_op",
		      took(try(modes[m], FLD, (u64)&cell, 0), LEVEL_S, EXC_ILLEGAL) && hs_fs() == 2 && vs_fs() == 0);
		set_fs(0, 2);
		CHECK("vsstatus_fs_op",
		      took(try(modes[m], FLD, (u64)&cell, 0), LEVEL_S, EXC_ILLEGAL) && hs_fs() == 0 && vs_fs() == 2);
		set_fs(1, 1);
		CHECK("vsstatus_fs_op", took(try(modes[m], FLD, 0x10, 0), LEVEL_S, EXC_LOAD_ACCESS));
	}
	/* with V=0, vsstatus.FS is not asked */
	set_fs(1, 0);
	CHECK("vsstatus_v0 vsstatus_fs_op",
	      finished(try(MODE_S, FLD, (u64)&cell, 0)) && finished(try(MODE_U, FLD, (u64)&cell, 0)) && vs_fs() == 0);
	/* HLV and HSV are no floating point */
	set_fs(1, 0);
	CHECK("vsstatus_v0", finished(try(MODE_S, HLV_D, (u64)&cell, 0)) && hs_fs() == 1 && vs_fs() == 0);
}

/* All 32 registers and fcsr written in one mode are the same in every other, whatever traps lie between. */
static void fp_registers(void)
{
	for (unsigned from = 0; from < 5; from++) {
		for (unsigned to = 0; to < 5; to++) {
			reset();
			u32 words[64];
			u64 x[32] = { 0 };
			x[A1] = 0x4000123400000000 + from, x[A2] = 0x85;
			for (unsigned i = 0; i < 32; i++) {
				words[2 * i] = FMV_D_X(i, A1);
				words[2 * i + 1] = ADDI(A1, A1, 1);
			}
			words[63] = CSRW(CSR_FCSR, A2);
			CHECK("world_state", finished(try_words(modes[from], words, 64, x)));
			try(modes[to], EBREAK, 0, 0);
			delegate(DELEGATE_DEFAULT, BIT(EXC_BREAK));
			try(MODE_VU, EBREAK, 0, 0);
			/* sum of all registers and of fcsr */
			u64 want = 0x85;
			unsigned n = 0;
			words[n++] = CSRR(A3, CSR_FCSR);
			for (unsigned i = 0; i < 29; i++) {
				words[n++] = FMV_X_D(A0, i);
				words[n++] = ADD(A3, A3, A0);
				want += x[A1] + i;
			}
			struct trap *t = try_words(modes[to], words, n, NULL);
			context("from, to", from, to);
			CHECK("world_state", finished(t) && t->x[A3] == want);
			const u32 rest[] = { FMV_X_D(A0, 29), FMV_X_D(A1, 30), FMV_X_D(A2, 31) };
			t = try_words(modes[to], rest, 3, NULL);
			CHECK("world_state",
			      t->x[A0] == x[A1] + 29 && t->x[A1] == x[A1] + 30 && t->x[A2] == x[A1] + 31);
		}
	}
}

/* Registers x1..x31 go through traps and returns unchanged. */
static void registers(void)
{
	for (unsigned m = 0; m < 5; m++) {
		for (unsigned to = 0; to < 3; to++) {
			reset();
			delegate(to ? DELEGATE_DEFAULT : 0, to == 2 ? BIT(EXC_BREAK) : 0);
			u64 x[32];
			for (unsigned i = 0; i < 32; i++)
				x[i] = UINT64_C(0x123456789abc0000) * (i + 1) + i;
			x[0] = 0;
			u32 word = EBREAK;
			struct trap *t = try_words(modes[m], &word, 1, x);
			context("mode, taker", modes[m], to);
			CHECK("world_state", t->cause == EXC_BREAK);
			for (unsigned i = 0; i < 32; i++)
				CHECK("world_state", t->x[i] == x[i]);
		}
	}
}

/* CSRs of every level keep their values while others run, except what an entry or return may write. */
static void csr_state(void)
{
	static const struct {
		unsigned csr;
		u64 value;
	} kept[] = {
		{ CSR_VSSTATUS, STATUS_SUM | STATUS_FS },
		{ CSR_VSSCRATCH, 0x1234 },
		{ CSR_VSEPC, 0x4568 },
		{ CSR_VSCAUSE, 13 },
		{ CSR_VSTVAL, 0x9999 },
		{ CSR_VSTIMECMP, 0x7000000000000000 },
		{ CSR_HTIMEDELTA, 0x55 },
		{ CSR_HCOUNTEREN, 5 },
		{ CSR_HVIP, 0x44 },
		{ CSR_HIDELEG, 0x400 },
		{ CSR_HENVCFG, 1 },
		{ CSR_HGEIE, 0 },
		{ CSR_SSCRATCH, 0x777 },
		{ CSR_SCOUNTEREN, 3 },
		{ CSR_MSCRATCH, 0 },
	};
	enum { KEPT = sizeof(kept) / sizeof(kept[0]) };
	reset();
	csrs(CSR_MENVCFG, ENVCFG_STCE);
	u64 before[KEPT];
	for (unsigned i = 0; i + 1 < KEPT; i++) {
		CHECK("world_state", csr_write(kept[i].csr, kept[i].value));
		csr_read(kept[i].csr, &before[i]);
	}
	for (unsigned round = 0; round < 20; round++) {
		enum mode mode = modes[round % 5];
		delegate(round % 3 ? DELEGATE_DEFAULT : 0, 0);
		try(mode, round & 1 ? EBREAK : LD, 0x10, 0);
		for (unsigned i = 0; i + 1 < KEPT; i++) {
			u64 now;
			csr_read(kept[i].csr, &now);
			context("csr, round", kept[i].csr, round);
			CHECK("world_state H_vscsrs_v0 H_vscsrs_v1", now == before[i]);
		}
	}
	CHECK("vsscratch_op", csrr(CSR_VSSCRATCH) == 0x1234);
}

int main(void)
{
	dirty();
	fp_registers();
	registers();
	csr_state();
	return 0;
}
