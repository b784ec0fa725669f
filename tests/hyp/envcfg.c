/* henvcfg's fields at work: cache blocks, PBMT, FIOM, double traps, landing pads, pointer masking, shadow stacks. */
#include "rt.h"

static const enum mode guests[] = { MODE_VS, MODE_VU };
static u64 block[16] __attribute__((aligned(128)));

/*
 * cbo.zero and cbo.clean/flush/inval: illegal if not HS-qualified (menvcfg), virtual if henvcfg or, in VU-mode, senvcfg
 * refuses.
 */
static void cache_blocks(void)
{
	static const struct {
		u32 word;
		unsigned low;
		bool inval;
		const char *rules;
	} ops[] = {
		{ CBO_ZERO, 7, false, "henvcfg_cbze" },
		{ CBO_CLEAN, 6, false, "henvcfg_cbcfe" },
		{ CBO_FLUSH, 6, false, "henvcfg_cbcfe" },
		{ CBO_INVAL, 4, true, "henvcfg_cbie cbo-inval_h-mode_veq1_op" },
	};
	static const u64 fields[] = { 0, 1, 3 };
	for (unsigned o = 0; o < 4; o++) {
		for (unsigned n = 0; n < 27; n++) {
			unsigned m = n % 3, h = n / 3 % 3, s = n / 9;
			if (!ops[o].inval && (m == 1 || h == 1 || s == 1))
				continue; /* one bit: 0 or 1, taken from 3 */
			u64 width = ops[o].inval ? 3 : 1;
			reset();
			csrw(CSR_MENVCFG, (fields[m] & width) << ops[o].low);
			csrw(CSR_HENVCFG, (fields[h] & width) << ops[o].low);
			csrw(CSR_SENVCFG, (fields[s] & width) << ops[o].low);
			context("op, s h m", ops[o].word, s << 8 | h << 4 | m);
			for (unsigned g = 0; g < 2; g++) {
				struct trap *t = try(guests[g], ops[o].word, (u64)block, 0);
				if (!m)
					CHECK(ops[o].rules, took(t, LEVEL_S, EXC_ILLEGAL));
				else if (!h || (guests[g] == MODE_VU && !s))
					CHECK(ops[o].rules, took(t, LEVEL_S, EXC_VIRTUAL));
				else
					CHECK(ops[o].rules, finished(t));
			}
			/* henvcfg is not asked with V=0 */
			struct trap *t = try(MODE_S, ops[o].word, (u64)block, 0);
			CHECK("henvcfg_op", m ? finished(t) : took(t, LEVEL_S, EXC_ILLEGAL));
			t = try(MODE_U, ops[o].word, (u64)block, 0);
			CHECK("henvcfg_op", m && s ? finished(t) : took(t, LEVEL_S, EXC_ILLEGAL));
		}
	}
	/* cbo.zero zeroes; an invalidation that must flush keeps what was stored, and coherent memory never loses it */
	reset();
	csrw(CSR_MENVCFG, 0xf0), csrw(CSR_HENVCFG, 0xf0), csrw(CSR_SENVCFG, 0xf0);
	for (unsigned g = 0; g < 2; g++) {
		block[1] = 0x1234;
		CHECK("henvcfg_cbze", finished(try(guests[g], CBO_ZERO, (u64)block + 8, 0)) && block[1] == 0);
	}
	for (unsigned n = 0; n < 8; n++) {
		bool m = n & 1, h = n & 2, s = n & 4; /* 3: invalidate, 1: flush */
		csrw(CSR_MENVCFG, m ? 0x30 : 0x10), csrw(CSR_HENVCFG, h ? 0x30 : 0x10),
		    csrw(CSR_SENVCFG, s ? 0x30 : 0x10);
		for (unsigned g = 0; g < 2; g++) {
			block[1] = 0x77 + n;
			CHECK("cbo-inval_h-mode_op",
			      finished(try(guests[g], CBO_INVAL, (u64)block, 0)) && block[1] == 0x77 + n);
		}
	}
}

/* PBMT bits of VS-stage leaves: reserved, so a page fault, unless henvcfg.PBMTE. The value 3 is reserved always. */
static void pbmt(void)
{
	reset();
	csrs(CSR_MENVCFG, ENVCFG_PBMTE);
	bool there = csrr(CSR_MENVCFG) & ENVCFG_PBMTE;
	context("Svpbmt", there, 0);
	csrs(CSR_HENVCFG, ENVCFG_PBMTE);
	CHECK("henvcfg_pbmte_op", !!(csrr(CSR_HENVCFG) & ENVCFG_PBMTE) == there);
	for (unsigned n = 0; n < 16; n++) {
		u64 type = n & 3;
		bool h = n & 4, m = n & 8;
		reset();
		csrw(CSR_MENVCFG, m ? ENVCFG_PBMTE : 0);
		csrw(CSR_HENVCFG, h ? ENVCFG_PBMTE : 0);
		struct guest guest;
		guest_new(&guest, 3, 3);
		guest_map(&guest, 0, PTE_S, PTE_ALL);
		guest_map(&guest, 1, PTE_S | type << 61, PTE_ALL);
		guest_map(&guest, 2, PTE_S, PTE_ALL | type << 61);
		context("pbmt, h | m << 1", type, n >> 2);
		bool vs_ok = type == 0 || (type < 3 && there && h && m), g_ok = type == 0 || (type < 3 && there && m);
		struct trap *t = try(MODE_VS, LD, guest_va(&guest, 1), 0);
		CHECK("henvcfg_pbmte_op", vs_ok ? finished(t) : took(t, LEVEL_S, EXC_LOAD_PAGE));
		t = try(MODE_VS, SD, guest_va(&guest, 1), 0);
		CHECK("henvcfg_pbmte_op", vs_ok ? finished(t) : took(t, LEVEL_S, EXC_STORE_PAGE));
		t = try(MODE_VS, LD, guest_va(&guest, 2), 0);
		CHECK("henvcfg_pbmte_op", g_ok ? finished(t) : took(t, LEVEL_S, EXC_LOAD_GUEST));
		CHECK("henvcfg_pbmte_op", finished(try(MODE_VS, LD, guest_va(&guest, 0), 0)));
		/* and in an entry that is no leaf it is reserved always */
		if (type) {
			*space_pte(&guest.vs, TEST_VA, 1) |= type << 61;
			fence_all();
			CHECK("henvcfg_pbmte_op",
			      took(try(MODE_VS, LD, guest_va(&guest, 0), 0), LEVEL_S, EXC_LOAD_PAGE));
		}
	}
}

/*
 * FIOM: fences of a guest order memory as well. Here every fence orders everything that came before, so what can be
 * seen is that the instructions execute with either value, in order, in every mode.
 */
static void fiom(void)
{
	static u64 cell[2];
	for (unsigned n = 0; n < 2; n++) {
		for (unsigned g = 0; g < 2; g++) {
			reset();
			csrw(CSR_HENVCFG, n);
			CHECK("henvcfg_fiom_op henvcfg_op", (csrr(CSR_HENVCFG) & 1) == n);
			u64 x[32] = { 0 };
			x[A1] = (u64)cell, x[A2] = 5 + n;
			/* sd; fence i,o (and all others); ld; amoadd.aqrl */
			for (u32 sets = 0; sets < 256; sets++) {
				const u32 words[] = { SD, 0x0000000f | sets << 20, LD };
				struct trap *t = try_words(guests[g], words, 3, x);
				CHECK("henvcfg_fiom_op", finished(t) && t->x[A0] == 5 + n);
			}
			const u32 amo[] = { r_type(0x2f, 3, 3, A0, A1, A2), LD };
			struct trap *t = try_words(guests[g], amo, 2, x);
			CHECK("henvcfg_fiom_order", finished(t) && t->x[A0] == 10 + 2 * n);
			/* a device register: the finisher is no place to try; the UART's scratch register is */
			x[A1] = 0x10000007, x[A2] = 0x5a + n;
			const u32 device[] = { SB, 0x0550000f, LBU };
			t = try_words(guests[g], device, 3, x);
			CHECK("henvcfg_fiom_op henvcfg_fiom_order", finished(t) && t->x[A0] == 0x5a + n);
		}
	}
}

/* Double traps: SDT of the guest, under henvcfg.DTE. */
static void double_traps(void)
{
	reset();
	csrw(CSR_MENVCFG, ENVCFG_DTE);
	if (!(csrr(CSR_MENVCFG) & ENVCFG_DTE))
		return;
	CHECK("henvcfg_DTE", csr_holds(CSR_HENVCFG, ENVCFG_DTE) & ENVCFG_DTE);
	for (unsigned n = 0; n < 4; n++) {
		bool m = n & 1, h = n & 2;
		csrw(CSR_MENVCFG, m ? ENVCFG_DTE : 0), csrw(CSR_HENVCFG, h ? ENVCFG_DTE : 0);
		csrw(CSR_VSSTATUS, STATUS_SDT | STATUS_SIE);
		context("DTE h m", n, 0);
		CHECK("vsstatus_sdt_op henvcfg_dte_op vsstatus_SDT", !!(csrr(CSR_VSSTATUS) & STATUS_SDT) == (m && h));
		/* SDT clears SIE */
		CHECK("vsstatus_sdt_op", !!(csrr(CSR_VSSTATUS) & STATUS_SIE) == !(m && h));
		csrw(CSR_VSSTATUS, 0);
		csrs(CSR_SSTATUS, STATUS_SDT);
		CHECK("sstatus_SDT", !!(csrr(CSR_SSTATUS) & STATUS_SDT) == m);
		csrc(CSR_SSTATUS, STATUS_SDT);
	}
	csrw(CSR_MENVCFG, ENVCFG_DTE), csrw(CSR_HENVCFG, ENVCFG_DTE);
	for (unsigned g = 0; g < 2; g++) {
		for (unsigned sdt = 0; sdt < 2; sdt++) {
			if (sdt && guests[g] == MODE_VU)
				continue; /* returns to VU clear it */
			delegate(DELEGATE_DEFAULT, BIT(EXC_BREAK) | BIT(EXC_LOAD_ACCESS));
			csrw(CSR_VSSTATUS, sdt ? STATUS_SDT : STATUS_SIE);
			struct trap *t = try(guests[g], EBREAK, 0, 0);
			context("guest, SDT", guests[g], sdt);
			if (!sdt) {
				CHECK("vsstatus_sdt_op HS_mode_invoke_error", took(t, LEVEL_VS, EXC_BREAK) &&
										  t->vsstatus & STATUS_SDT &&
										  !(t->vsstatus & STATUS_SIE));
				continue;
			}
			CHECK("vsstatus_sdt_op mtval2_Ssdbltrap HS_mode_invoke_error",
			      took(t, LEVEL_M, EXC_DOUBLE) && t->tval2 == EXC_BREAK);
			CHECK("vsstatus_sdt_op", t->epc == try_pc(guests[g]) && !!(t->mstatus & STATUS_MPV) &&
						     (t->mstatus >> 11 & 3) == (u64)(guests[g] & 3));
			t = try(guests[g], LD, 0x10, 0);
			CHECK("mtval2_Ssdbltrap",
			      took(t, LEVEL_M, EXC_DOUBLE) && t->tval2 == EXC_LOAD_ACCESS && t->tval == 0x10);
			/* a trap for HS-mode is no concern of the guest's bit */
			delegate(DELEGATE_DEFAULT, 0);
			csrc(CSR_SSTATUS, STATUS_SDT);
			t = try(guests[g], EBREAK, 0, 0);
			CHECK("vsstatus_sdt_op",
			      took(t, LEVEL_S, EXC_BREAK) && t->vsstatus & STATUS_SDT && t->sstatus & STATUS_SDT);
			csrc(CSR_SSTATUS, STATUS_SDT);
		}
	}
	/* SRET: from HS to VU clears the guest's, to VS and U it stays; from VS it is cleared. HS's own always. */
	for (unsigned n = 0; n < 4; n++) {
		bool spp = n & 1, spv = n & 2;
		delegate(DELEGATE_DEFAULT, 0);
		csrw(CSR_VSSTATUS, STATUS_SDT);
		csrc(CSR_SSTATUS, STATUS_SPP), csrs(CSR_SSTATUS, STATUS_SDT | (spp ? STATUS_SPP : 0));
		csrw(CSR_HSTATUS, spv ? HSTATUS_SPV : 0);
		csrw(CSR_SEPC, (u64)rt_done);
		struct trap *t = try(MODE_S, SRET, 0, 0);
		context("SRET: spp | spv << 1", n, 0);
		CHECK("sret_dt", finished(t) && !(t->sstatus & STATUS_SDT));
		CHECK("sret_dt", !(t->vsstatus & STATUS_SDT) == (spv && !spp));
	}
	for (unsigned spp = 0; spp < 2; spp++) {
		csrw(CSR_VSSTATUS, STATUS_SDT | (spp ? STATUS_SPP : 0));
		csrw(CSR_VSEPC, (u64)rt_done);
		struct trap *t = try(MODE_VS, SRET, 0, 0);
		CHECK("sret_dt", finished(t) && !(t->vsstatus & STATUS_SDT));
	}
}

/* Pointer masking of a guest: only with Ssnpm. */
static void pointer_masking(void)
{
	reset();
	csrw(CSR_HENVCFG, ENVCFG_PMM);
	bool there = csrr(CSR_HENVCFG) & ENVCFG_PMM;
	csrw(CSR_HENVCFG, 0);
	struct guest guest;
	guest_new(&guest, 3, 3);
	guest_map(&guest, 1, PTE_ALL, PTE_ALL);
	u64 va = guest_va(&guest, 0), user = guest_va(&guest, 1);
	guest_data(&guest, 0)[0] = 0x4242;
	for (u64 pmm = 0; pmm < 4; pmm++) {
		csrw(CSR_HENVCFG, 0);
		csrw(CSR_HENVCFG, pmm << 32);
		u64 held = csrr(CSR_HENVCFG) >> 32 & 3;
		context("PMM, held", pmm, held);
		CHECK("henvcfg_pmm_op", held == (!there || pmm == 1 ? 0 : pmm));
		unsigned masked = held == 2 ? 7 : held == 3 ? 16 : 0;
		for (unsigned bits = 1; bits <= 20; bits++) {
			u64 tagged = va | ~UINT64_C(0) << (64 - bits);
			struct trap *t = try(MODE_VS, LD, tagged, 0);
			CHECK("henvcfg_pmm_op",
			      bits <= masked ? finished(t) && t->x[A0] == 0x4242 : took(t, LEVEL_S, EXC_LOAD_PAGE));
			/* VU obeys senvcfg, not henvcfg */
			t = try(MODE_VU, LD, user | ~UINT64_C(0) << (64 - bits), 0);
			CHECK("henvcfg_pmm_op", took(t, LEVEL_S, EXC_LOAD_PAGE));
		}
	}
}

/*
 * Zicfilp: with LPE, an indirect jump of the guest must land on lpad, or a software check with the value 2 is raised;
 * the expectation survives a trap in vsstatus.SPELP. Without, lpad is a no-op and nothing is expected.
 */
static void landing_pads(void)
{
	const u32 lpad = 0x00000017;
	reset();
	csrw(CSR_MENVCFG, ENVCFG_LPE);
	csrw(CSR_HENVCFG, ENVCFG_LPE);
	bool there = csrr(CSR_HENVCFG) & ENVCFG_LPE;
	for (unsigned n = 0; n < 8; n++) {
		bool h = n & 1, pad = n & 2, m = n & 4;
		reset();
		delegate(DELEGATE_DEFAULT | BIT(18), n & 2 ? 0 : BIT(18));
		csrw(CSR_MENVCFG, m ? ENVCFG_LPE : 0);
		csrw(CSR_HENVCFG, h ? ENVCFG_LPE : 0);
		u64 x[32] = { 0 };
		x[A1] = try_pc(MODE_VS) + 8;
		const u32 words[] = { JALR(0, A1), NOP, pad ? lpad : NOP, ADDI(A0, ZERO, 7) };
		struct trap *t = try_words(MODE_VS, words, 4, x);
		context("henvcfg | pad << 1 | menvcfg << 2", n, there);
		if (there && h && !pad)
			CHECK("henvcfg_lpe_op", took(t, LEVEL_VS, 18) && t->tval == 2 && t->epc == x[A1]);
		else
			CHECK("henvcfg_lpe_op", finished(t) && t->x[A0] == 7);
		if (there && h && !pad) /* the previous state is kept: a landing pad was expected */
			CHECK("vsstatus_spelp_op", t->vsstatus & STATUS_SPELP);
	}
	/* SRET gives the expectation back */
	if (there) {
		reset();
		delegate(DELEGATE_DEFAULT | BIT(18), BIT(18));
		csrw(CSR_MENVCFG, ENVCFG_LPE), csrw(CSR_HENVCFG, ENVCFG_LPE);
		const u32 words[] = { SRET, NOP, NOP };
		for (unsigned expected = 0; expected < 2; expected++) {
			csrw(CSR_VSSTATUS, STATUS_SPP | (expected ? STATUS_SPELP : 0));
			csrw(CSR_VSEPC, try_pc(MODE_VS) + 8);
			struct trap *t = try_words(MODE_VS, words, 3, NULL);
			context("SPELP", expected, 0);
			CHECK("vsstatus_spelp_op", expected ? took(t, LEVEL_VS, 18) && t->tval == 2
							    : finished(t) && !(t->vsstatus & STATUS_SPELP));
		}
	}
	/* lpad is auipc with rd = x0 */
	csrw(CSR_MENVCFG, 0), csrw(CSR_HENVCFG, 0);
	CHECK("henvcfg_lpe_op", finished(try(MODE_VS, lpad | 5 << 12, 0, 0)) && finished(try(MODE_VU, lpad, 0, 0)));
	CHECK("vsstatus_spelp_op", there || !(csr_holds(CSR_VSSTATUS, STATUS_SPELP) & STATUS_SPELP));
}

/* Zicfiss with SSE=0: its instructions are may-be-operations again, its page type is reserved, ssamoswap is refused. */
static void shadow_stacks_off(void)
{
	reset();
	csrw(CSR_MENVCFG, ENVCFG_SSE);
	bool there = csrr(CSR_MENVCFG) & ENVCFG_SSE;
	for (unsigned m = 0; m < 2; m++) {
		reset();
		csrw(CSR_MENVCFG, m ? ENVCFG_SSE : 0);
		context("SSE of menvcfg", m, there);
		CHECK("henvcfg_sse_op", !(csrr(CSR_HENVCFG) & ENVCFG_SSE));
		/* sspush x1 is mop.rr.7 */
		struct trap *t = try(MODE_VS, 0xce104073, 0, 0);
		CHECK("henvcfg_sse_op", finished(t) || took(t, LEVEL_S, EXC_ILLEGAL));
		t = try(MODE_VS, r_type(0x2f, 3, 9 << 2, A0, A1, A2), (u64)block, 0);
		CHECK("henvcfg_sse_op", took(t, LEVEL_S, there && m ? EXC_VIRTUAL : EXC_ILLEGAL));
		struct guest guest;
		guest_new(&guest, 3, 3);
		guest_map(&guest, 0, PTE_V | PTE_W | PTE_AD, PTE_ALL);
		CHECK("henvcfg_sse_op", took(try(MODE_VS, LD, guest_va(&guest, 0), 0), LEVEL_S, EXC_LOAD_PAGE));
		CHECK("henvcfg_sse_op", finished(try(MODE_VS, CSRW(CSR_SENVCFG, A1), ENVCFG_SSE, 0)) &&
					    !(try(MODE_VS, CSRR(A0, CSR_SENVCFG), 0, 0)->x[A0] & ENVCFG_SSE));
	}
}

int main(void)
{
	cache_blocks();
	pbmt();
	fiom();
	double_traps();
	pointer_masking();
	landing_pads();
	shadow_stacks_off();
	return 0;
}
