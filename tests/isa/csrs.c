/* The CSR instructions themselves: what is read, what is written, who may, and in which order. */
#include "rt.h"

#define CSR_MINSTRET 0xb02
static const enum mode modes[] = { MODE_M, MODE_S, MODE_U };

static struct trap *with(enum mode mode, u32 word, u64 a0, u64 a1)
{
	u64 x[32] = { 0 };
	x[A0] = a0;
	x[A1] = a1;
	return try_words(mode, &word, 1, x);
}

static bool illegal(const struct trap *t)
{
	return took(t, LEVEL_M, EXC_ILLEGAL);
}

static void swaps(void)
{
	reset();
	static const u64 olds[] = { 0, 0x123456789abcdef0, ~UINT64_C(0) }, news[] = { 0, 0x0ff00ff00ff00ff0, ~UINT64_C(0) };
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < 3; k++)
			for (unsigned m = 0; m < 2; m++) {
				static const struct { const char *rule; u32 word; int operation; } rows[] = {
					{ "csrrw_op", CSRRW(A0, CSR_SSCRATCH, A1), 0 }, { "csrrs_op", CSRRS(A0, CSR_SSCRATCH, A1), 1 },
					{ "csrrc_op", CSRRC(A0, CSR_SSCRATCH, A1), 2 }, { "csrrwi_op", CSRRWI(A0, CSR_SSCRATCH, 21), 3 },
					{ "csrrsi_op", CSRRSI(A0, CSR_SSCRATCH, 21), 4 }, { "csrrci_op", CSRRCI(A0, CSR_SSCRATCH, 21), 5 },
				};
				for (unsigned r = 0; r < 6; r++) {
					u64 old = olds[i], operand = r < 3 ? news[k] : 21;
					csrw(CSR_SSCRATCH, old);
					struct trap *t = with(modes[m], rows[r].word, 0x55, news[k]);
					u64 now = csrr(CSR_SSCRATCH);
					u64 want = r % 3 == 0 ? operand : r % 3 == 1 ? old | operand : old & ~operand;
					context("operation, old", r, old);
					CHECK(rows[r].rule, finished(t) && t->x[A0] == old && now == want && t->x[A1] == news[k]);
				}
			}
	csrw(CSR_SSCRATCH, 5); /* rd is rs1 */
	struct trap *t = with(MODE_S, CSRRW(A0, CSR_SSCRATCH, A0), 9, 0);
	CHECK("csrrw_op", t->x[A0] == 5 && csrr(CSR_SSCRATCH) == 9);
	CHECK("sscratch_sz sscratch_acc sscratch_mode", csr_holds(CSR_SSCRATCH, ~UINT64_C(0)) == ~UINT64_C(0));
	CHECK("mscratch_sz mscratch_acc mscratch_enc", csrr(CSR_MSCRATCH) == csrr(CSR_MSCRATCH));
	u32 words[3] = { CSRRW(A0, CSR_MSCRATCH, A1), CSRRW(A2, CSR_MSCRATCH, A0), NOP };
	u64 x[32] = { 0 };
	x[A1] = 0xfedcba9876543210;
	t = try_words(MODE_M, words, 3, x);
	CHECK("mscratch_sz mscratch_acc mscratch_enc", t->x[A2] == 0xfedcba9876543210 && t->x[A0] == (u64)this_cpu());
}

/* Without a write there is no write; with one there is, even if it changes nothing. cycle is read-only, minstret
 * shows. */
static void reads_that_do_not_write(void)
{
	reset();
	delegate(0, 0);
	for (unsigned m = 0; m < 3; m++) {
		enum mode mode = modes[m];
		CHECK("zicsr_rs1_x0", finished(with(mode, CSRRS(A0, CSR_CYCLE, 0), 0, 0)) && finished(with(mode, CSRRC(A0, CSR_CYCLE, 0), 0, 0)));
		CHECK("zicsr_uimm_zero", finished(with(mode, CSRRSI(A0, CSR_CYCLE, 0), 0, 0)) && finished(with(mode, CSRRCI(A0, CSR_CYCLE, 0), 0, 0)));
		/* rs1 holds 0, but is not x0 */
		CHECK("zicsr_rs1_x0 Zicsr_illegal_acc Zicsr_rw zicsr_side_effects", illegal(with(mode, CSRRS(A0, CSR_CYCLE, A1), 0, 0)));
		CHECK("zicsr_rs1_x0 Zicsr_illegal_acc Zicsr_rw", illegal(with(mode, CSRRC(A0, CSR_CYCLE, A1), 0, 0)));
		CHECK("zicsr_uimm_zero Zicsr_illegal_acc", illegal(with(mode, CSRRSI(A0, CSR_CYCLE, 1), 0, 0)));
		CHECK("zicsr_uimm_zero Zicsr_illegal_acc", illegal(with(mode, CSRRCI(A0, CSR_CYCLE, 1), 0, 0)));
		CHECK("Zicsr_illegal_acc", illegal(with(mode, CSRRW(A0, CSR_CYCLE, 0), 0, 0)) && illegal(with(mode, CSRRWI(A0, CSR_CYCLE, 0), 0, 0)));
	}
	/* an illegal access leaves rd and the CSR alone */
	struct trap *t = with(MODE_M, CSRRW(A0, CSR_MHARTID, A1), 0x77, 1);
	CHECK("Zicsr_illegal_acc", illegal(t) && t->x[A0] == 0x77 && csrr(CSR_MHARTID) == 0);
	/* a write of minstret suppresses the increment, a mere read of it does not */
	u32 words[6] = { CSRRS(A0, CSR_MINSTRET, 0), CSRRS(A1, CSR_MINSTRET, 0), CSRRSI(A2, CSR_MINSTRET, 0), CSRRCI(A3, CSR_MINSTRET, 0), CSRRW(A4, CSR_MINSTRET, A1), CSRRS(A5, CSR_MINSTRET, 0) };
	t = try_words(MODE_M, words, 6, NULL);
	CHECK("zicsr_rs1_x0 zicsr_uimm_zero zicsr_side_effects", t->x[A1] == t->x[A0] + 1 && t->x[A2] == t->x[A0] + 2 && t->x[A3] == t->x[A0] + 3);
	CHECK("zicsr_order zicsr_side_effects", t->x[A4] == t->x[A0] + 4 && t->x[A5] == t->x[A1]);
	/* csrrw with rd = x0 does not read: seed must be read with a write, and may be written without a read */
	CHECK("zicsr_rd_x0", finished(with(MODE_M, CSRRW(0, CSR_SSCRATCH, A1), 0, 3)) && csrr(CSR_SSCRATCH) == 3);
	CHECK("zicsr_rd_x0", finished(with(MODE_M, CSRRWI(0, CSR_SSCRATCH, 4), 0, 0)) && csrr(CSR_SSCRATCH) == 4);
}

/* What an instruction writes is there for the next, and not for the one before. */
static void order(void)
{
	reset();
	u32 words[7] = { CSRRWI(0, CSR_FRM, 2), CSRR(A0, CSR_FCSR), CSRRWI(0, CSR_FCSR, 0x1f), FADD_D(1, 2, 3), CSRR(A1, CSR_FFLAGS), CSRRWI(0, CSR_FFLAGS, 0), CSRR(A2, CSR_FCSR) };
	struct trap *t = try_words(MODE_S, words, 7, NULL);
	CHECK("zicsr_order zicsr_side_effects_synchronous fcsr_op fcsr_frm_op", t->x[A0] >> 5 == 2 && t->x[A1] == 0x1f && t->x[A2] == 0);
	/* flags of the instruction before: 1 / 0 */
	u32 flags[4] = { FMV_D_X(1, A1), FMV_D_X(2, ZERO), r_type(0x53, 7, 0x0d, 3, 1, 2), CSRR(A0, CSR_FFLAGS) };
	u64 x[32] = { 0 };
	x[A1] = 0x3ff0000000000000;
	csr_write(CSR_FCSR, 0);
	t = try_words(MODE_U, flags, 4, x);
	CHECK("zicsr_order fcsr_fflags_op f_ieee_compliance", t->x[A0] == 8);
	csr_write(CSR_FCSR, ~UINT64_C(0));
	u64 value = 0;
	csr_read(CSR_FCSR, &value);
	CHECK("fscr_sz fcsr_acc fcsr_op Zicsr_wpri_roz", value == 0xff);
	csr_read(CSR_FRM, &value);
	CHECK("fcsr_frm_sz fcsr_frm_acc fcsr_frm_op", value == 7);
	csr_write(CSR_FRM, 0xfa);
	csr_read(CSR_FCSR, &value);
	CHECK("fcsr_frm_sz fcsr_frm_acc fcsr_frm_op", value == 0x5f);
	csr_write(CSR_FFLAGS, 0xe1);
	csr_read(CSR_FCSR, &value);
	CHECK("fcsr_fflags_op", value == 0x41);
	/* rounding modes 5 and 6, and 7 in frm, are reserved: illegal */
	for (u32 rm = 0; rm < 8; rm++)
		for (u32 frm = 0; frm < 8; frm++) {
			csr_write(CSR_FCSR, frm << 5);
			t = try(MODE_S, r_type(0x53, rm, 1, 1, 2, 3), 0, 0);
			bool valid = rm < 5 || (rm == 7 && frm < 5);
			context("rm, frm", rm, frm);
			CHECK("roundingmode_rsv F_rm_field", finished(t) == valid && (valid || took(t, LEVEL_S, EXC_ILLEGAL)));
		}
	csr_write(CSR_FCSR, 0);
	csrw(CSR_SSCRATCH, 0); /* another hart is not part of it: memory and CSRs in program order on this one */
	static u64 cell;
	u32 both[4] = { CSRRW(0, CSR_SSCRATCH, A1), i_type(0x0f, 0, 0, 0, 0x8cc), i_type(3, 3, A0, A2, 0), CSRRW(A3, CSR_SSCRATCH, 0) };
	x[A1] = 77;
	x[A2] = (u64)&cell;
	cell = 88;
	t = try_words(MODE_S, both, 4, x);
	CHECK("zicsr_fence_ordering zicsr_memory_access_ordering zicsr_weakly_ordered", finished(t) && t->x[A0] == 88 && t->x[A3] == 77);
}

/* Bits 9:8 of the number say who may, bits 11:10 whether it can be written: every number in three modes. */
static void every_number(void)
{
	reset();
	delegate(0, 0);
	csrw(CSR_MENVCFG, ENVCFG_STCE);
	unsigned exist = 0;
	for (u32 n = 0; n < 4096; n++) {
		struct trap *t = with(MODE_M, CSRRS(A0, n, 0), 0x77, 0);
		bool m = finished(t);
		context("csr", n, 0);
		if (!m) {
			CHECK("Zicsr_illegal_mode", illegal(t) && t->x[A0] == 0x77);
			CHECK("Zicsr_illegal_mode", illegal(with(MODE_S, CSRRS(A0, n, 0), 0, 0)) && illegal(with(MODE_U, CSRRS(A0, n, 0), 0, 0)));
			continue;
		}
		exist++;
		CHECK("Zicsr_debug_illegal", n < 0x7b0 || n > 0x7bf);
		u32 lowest = n >> 8 & 3;
		bool s = finished(with(MODE_S, CSRRS(A0, n, 0), 0, 0)), u = finished(with(MODE_U, CSRRS(A0, n, 0), 0, 0));
		CHECK("Zicsr_access Zicsr_illegal_mode", (!s || lowest < 3) && (!u || lowest == 0));
		CHECK("Zicsr_higher_priv M_access_all_lower_priv_CSRs M_highest_priv_mode", m && (!u || s));
		if (n >> 10 == 3)
			CHECK("Zicsr_rw Zicsr_illegal_acc", illegal(with(MODE_M, CSRRW(0, n, A1), 0, 0)));
		else if (n != CSR_MSCRATCH && n != CSR_MTVEC && n != CSR_PMPCFG0) {
			u64 value = 0;
			csr_read(n, &value);
			CHECK("Zicsr_rw ZICSR_WARL ZICSR_WLRL_EXCEPTION", csr_write(n, value));
		}
	}
	CHECK("Zicsr_access", exist > 150);
	static const u32 rv32_only[] = { 0x310, 0x31a, 0x312, 0x757, 0x15d, 0xc80, 0xc81, 0xc82, 0xc83, 0xb80, 0xb82, 0xb83, 0x3a1, 0x723, 0x722 };
	for (unsigned i = 0; i < sizeof(rv32_only) / sizeof(rv32_only[0]); i++)
		CHECK("MEDELEGH_OMIT_XLEN64 mseccfgh_presence pmp_cfg_rv64_illegal", !csr_exists(rv32_only[i]));
	reset();
}

/* Writes of values a field cannot hold never trap, and what is read back is legal. */
static void any_value_can_be_written(void)
{
	static const u32 numbers[] = { CSR_MSTATUS, CSR_MISA, CSR_MEDELEG, CSR_MIDELEG, CSR_MCAUSE, CSR_SCAUSE, CSR_MEPC, CSR_SEPC, CSR_STVEC, CSR_SATP, CSR_MENVCFG,
		CSR_SENVCFG, CSR_MCOUNTEREN, CSR_SCOUNTEREN, CSR_MTVAL, CSR_STVAL, CSR_MIP, CSR_SIP, CSR_SIE, CSR_MCOUNTINHIBIT };
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		reset();
		for (u64 value = 1; value; value <<= 3) {
			if (numbers[i] == CSR_MSTATUS || numbers[i] == CSR_MIP)
				break;
			struct trap *t = with(MODE_M, CSRRW(0, numbers[i], A1), 0, value);
			context("csr, value", numbers[i], value);
			CHECK("ZICSR_WARL ZICSR_WLRL_EXCEPTION Zicsr_write_ro Zicsr_wlrl", finished(t));
		}
		u64 value;
		CHECK("ZICSR_WARL", csr_read(numbers[i], &value));
		if (numbers[i] == CSR_MISA)
			CHECK("Zicsr_write_ro MISA_WARL misa_acc MISA_EXTENSIONS_WARL", value >> 62 == 2 && value & BIT(8));
		if (numbers[i] == CSR_SEPC || numbers[i] == CSR_MEPC)
			CHECK("Zicsr_write_ro mepc_align sepc_op", !(value & 1));
	}
	reset();
	CHECK("scause_exception_code_sz MCAUSE_EXCCODE_WLRL", csr_holds(CSR_SCAUSE, 31) == 31 && csr_holds(CSR_MCAUSE, 31) == 31);
	CHECK("mepc_sz mepc_acc mepc_enc MEPC_WARL MEPC_INV_ADDR_CONV", csr_holds(CSR_MEPC, ~UINT64_C(0)) == ~UINT64_C(1));
	CHECK("sepc_sz sepc_acc sepc_mode sepc_acc_invalid_addr SEPC_ACC_INVALID_WARL", csr_holds(CSR_SEPC, ~UINT64_C(0)) == ~UINT64_C(1));
	CHECK("mtval_sz mtval_acc mtval_vaddr_and_0_sz mtval_instr_bits_sz MTVAL_WARL MTVAL_INV_ADDR_CONV", csr_holds(CSR_MTVAL, ~UINT64_C(0)) == ~UINT64_C(0));
	CHECK("stval_sz stval_acc STVAL_WARL stval_mode", csr_holds(CSR_STVAL, ~UINT64_C(0)) == ~UINT64_C(0) && csr_holds(CSR_STVAL, 0) == 0);
	for (u32 n = 0; n < 4; n++) { /* registers of S-mode that S-mode reads and writes */
		static const u32 of_s[] = { CSR_SEPC, CSR_STVAL, CSR_SCAUSE, CSR_SSCRATCH };
		csrw(CSR_SEPC, 0);
		CHECK("sscratch_mode sepc_mode stval_mode scause_acc", finished(with(MODE_S, CSRRW(A0, of_s[n], A1), 0, 8)));
		CHECK("sscratch_mode sepc_mode stval_mode scause_acc", with(MODE_S, CSRR(A0, of_s[n]), 0, 0)->x[A0] == 8);
	}
	reset();
}

/* The counters as U-mode reads them. */
static void counters(void)
{
	reset();
	u64 value;
	for (u32 n = 0; n < 32; n++) {
		CHECK("zihpm_op_sz_mode_acc_count zihpm_op_sz_mode_acc_priv zihpm_op_sz_mode_acc_partition hpmcounter_op_sz_mode HPM_PLATFORM_SPECIFIC_IMPL "
		      "HPM_UNIMPLEMENTED_COUNTER_ACCESS", finished(try(MODE_U, CSRR(A0, CSR_CYCLE + n), 0, 0)));
		if (n == 1)
			continue;
		csr_write(CSR_MCYCLE + n, 0xfedcba9876540000 + n); /* 64 bits; unused ones hold what is written */
		struct trap *t = try(MODE_U, CSRR(A0, CSR_CYCLE + n), 0, 0);
		CHECK("zihpm_op_sz_mode_acc_count mhpmcounter_num mcycle_sz hpmcounter_op_sz_mode MHPMCOUNTER_N_SZ MHPMCOUNTER_WARL mhpmcounter_mandatory",
		      t->x[A0] >> 16 == 0xfedcba987654);
		CHECK("zicntr_rdcycle_op", n || (t->x[A0] & 0xffff) > 0);
	}
	for (u32 n = 3; n < 32; n++) { /* event 0 counts nothing, and so does an unknown one */
		csr_write(CSR_MHPMEVENT3 + n - 3, 0);
		csr_write(CSR_MHPMCOUNTER3 + n - 3, 5);
		csr_read(CSR_MHPMCOUNTER3 + n - 3, &value);
		CHECK("mhpmevent_enc MHPMCOUNTER_N_RDONLY0", value == 5);
		csr_write(CSR_MHPMEVENT3 + n - 3, 0x5555);
		csr_read(CSR_MHPMCOUNTER3 + n - 3, &value);
		CHECK("hpm_misconfigured_event_behavior MHPMEVENT_WARL", value == 5);
		csr_write(CSR_MHPMEVENT3 + n - 3, 2); /* instructions */
		csr_read(CSR_MHPMCOUNTER3 + n - 3, &value);
		CHECK("mhpmevent_op mhpmevent_sz MHPMEVENT_N_RDONLY0 HPM_PLATFORM_SPECIFIC_IMPL", value > 5);
		csr_write(CSR_MHPMEVENT3 + n - 3, 0);
	}
	u64 a = 0, b = 0;
	csr_read(CSR_CYCLE, &a);
	csr_read(CSR_CYCLE, &b);
	CHECK("zicntr_rdcycle_op", b > a);
	csr_read(CSR_INSTRET, &a);
	csr_read(CSR_INSTRET, &b);
	CHECK("zicntr_rdinstret_op", b > a);
	reset();
}

int main(void)
{
	swaps();
	reads_that_do_not_write();
	order();
	every_number();
	any_value_can_be_written();
	counters();
	finish();
}
