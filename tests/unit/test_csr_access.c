/* Who may access which CSR: every CSR in every mode, and every control that can refuse one. */
#include "csr_hart.h"

/* Everything that can refuse is off: counters enabled at all levels, timers enabled, FS on. */
static struct world *open_world(void)
{
	struct world *world = new_world();
	put(world, CSR_mcounteren, ~UINT64_C(0));
	put(world, CSR_hcounteren, ~UINT64_C(0));
	put(world, CSR_scounteren, ~UINT64_C(0));
	put(world, CSR_menvcfg, menvcfg_STCE);
	put(world, CSR_henvcfg, henvcfg_STCE);
	put(world, CSR_mstatus, mstatus_FS);
	put(world, CSR_vsstatus, vsstatus_FS);
	return world;
}

/* The verdicts in M, HS, U, VS, VU: 'o' for OK, 'i' illegal, 'v' virtual instruction. */
static const char *verdicts(struct world *world, unsigned num, bool write, char text[MODE_COUNT + 1])
{
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
		world->hart.mode = mode;
		text[mode] = "oiv"[csr_check(&world->hart, num, write)];
	}
	text[MODE_COUNT] = 0;
	world->hart.mode = MODE_M;
	return text;
}

static void expect_verdicts(struct world *world, unsigned num, const char *read, const char *write)
{
	char actual[MODE_COUNT + 1];
	const char *name = csr_info(num) ? csr_info(num)->name : "(none)";
	verdicts(world, num, false, actual);
	cr_expect_str_eq(actual, read, "read of %s (%#x): %s, expected %s", name, num, actual, read);
	verdicts(world, num, true, actual);
	cr_expect_str_eq(actual, write, "write of %s (%#x): %s, expected %s", name, num, actual, write);
}

/* What the numbering says when no control refuses anything: in M HS U VS VU. */
static const struct { unsigned first, last; const char *read, *write; } groups[] = {
	{0x001, 0x003, "ooooo", "ooooo"}, /* fflags frm fcsr */
	{0xc00, 0xc1f, "ooooo", "iiiii"}, /* cycle time instret hpmcounter3..31 */
	{0x100, 0x100, "ooiov", "ooiov"}, /* sstatus */
	{0x104, 0x106, "ooiov", "ooiov"}, /* sie stvec scounteren */
	{0x10a, 0x10a, "ooiov", "ooiov"}, /* senvcfg */
	{0x140, 0x144, "ooiov", "ooiov"}, /* sscratch sepc scause stval sip */
	{0x14d, 0x14d, "ooiov", "ooiov"}, /* stimecmp */
	{0x180, 0x180, "ooiov", "ooiov"}, /* satp */
	{0x200, 0x200, "ooivv", "ooivv"}, /* vsstatus */
	{0x204, 0x205, "ooivv", "ooivv"}, /* vsie vstvec */
	{0x240, 0x244, "ooivv", "ooivv"}, /* vsscratch vsepc vscause vstval vsip */
	{0x24d, 0x24d, "ooivv", "ooivv"}, /* vstimecmp */
	{0x280, 0x280, "ooivv", "ooivv"}, /* vsatp */
	{0x600, 0x600, "ooivv", "ooivv"}, /* hstatus */
	{0x602, 0x607, "ooivv", "ooivv"}, /* hedeleg hideleg hie htimedelta hcounteren hgeie */
	{0x60a, 0x60a, "ooivv", "ooivv"}, /* henvcfg */
	{0x643, 0x645, "ooivv", "ooivv"}, /* htval hip hvip */
	{0x64a, 0x64a, "ooivv", "ooivv"}, /* htinst */
	{0x680, 0x680, "ooivv", "ooivv"}, /* hgatp */
	{0xe12, 0xe12, "ooivv", "iiiii"}, /* hgeip */
	{0x300, 0x306, "oiiii", "oiiii"}, /* mstatus misa medeleg mideleg mie mtvec mcounteren */
	{0x30a, 0x30a, "oiiii", "oiiii"}, /* menvcfg */
	{0x320, 0x320, "oiiii", "oiiii"}, /* mcountinhibit */
	{0x323, 0x33f, "oiiii", "oiiii"}, /* mhpmevent3..31 */
	{0x340, 0x344, "oiiii", "oiiii"}, /* mscratch mepc mcause mtval mip */
	{0x34a, 0x34b, "oiiii", "oiiii"}, /* mtinst mtval2 */
	{0x3a0, 0x3a0, "oiiii", "oiiii"}, /* pmpcfg0 */
	{0x3a2, 0x3a2, "oiiii", "oiiii"}, /* pmpcfg2 */
	{0x3b0, 0x3bf, "oiiii", "oiiii"}, /* pmpaddr0..15 */
	{0xb00, 0xb00, "oiiii", "oiiii"}, /* mcycle */
	{0xb02, 0xb1f, "oiiii", "oiiii"}, /* minstret mhpmcounter3..31 */
	{0xf11, 0xf15, "oiiii", "iiiii"}, /* mvendorid marchid mimpid mhartid mconfigptr */
};

/* All 4096 numbers: those in no group do not exist, and are illegal even for a guest.
 * norm:H_virtinst_vu_vs_nonhigh_allowedhs_tvm0 norm:H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0 */
Test(csr_access, every_number_in_every_mode)
{
	struct world *world = open_world();
	for (unsigned num = 0; num < 4096; num++) {
		const char *read = "iiiii", *write = "iiiii";
		for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
			if (num < groups[i].first || num > groups[i].last)
				continue;
			read = groups[i].read;
			write = groups[i].write;
		}
		expect_verdicts(world, num, read, write);
	}
	free(world);
}

/* norm:menvcfgh_sz_acc_op norm:H_illegal_high_half: CSRs that exist on RV32 only. */
Test(csr_access, high_halves_are_illegal)
{
	struct world *world = open_world();
	static const unsigned numbers[] = {0x310, 0x31a, 0x612, 0x615, 0x61a, 0x15d, 0x25d, 0xc80, 0xc81, 0xb80, 0x757, 0x3a1};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		expect_verdicts(world, numbers[i], "iiiii", "iiiii");
	free(world);
}

/* ---- existence by extension ---- */

Test(csr_access, without_h_there_are_no_hypervisor_csrs)
{
	struct world *world = open_world();
	set_extension(&world->hart, EXT_H, false);
	for (unsigned num = 0; num < 4096; num++)
		if ((num >> 8 & 3) == 2 || num == CSR_mtinst || num == CSR_mtval2)
			for (enum mode mode = MODE_M; mode <= MODE_U; mode++) {
				world->hart.mode = mode;
				cr_expect_eq(csr_check(&world->hart, num, false), CSR_ILLEGAL, "%#x", num);
			}
	uint64_t value;
	cr_expect_not(csr_peek(&world->hart, CSR_hstatus, &value));
	cr_expect_not(csr_peek(&world->hart, CSR_vsatp, &value));
	free(world);
}

static void expect_gone(enum ext ext, unsigned num)
{
	struct world *world = open_world();
	cr_expect_eq(csr_check(&world->hart, num, false), CSR_OK, "%#x with the extension", num);
	set_extension(&world->hart, ext, false);
	expect_verdicts(world, num, "iiiii", "iiiii");
	free(world);
}

Test(csr_access, csrs_go_with_their_extension)
{
	static const struct { enum ext ext; unsigned num; } rows[] = {
		{EXT_F, CSR_fflags}, {EXT_F, CSR_frm}, {EXT_F, CSR_fcsr}, {EXT_Zicntr, CSR_cycle}, {EXT_Zicntr, CSR_time},
		{EXT_Zicntr, CSR_instret}, {EXT_Zihpm, CSR_hpmcounter3}, {EXT_Zihpm, CSR_hpmcounter31},
		{EXT_Sstc, CSR_stimecmp}, {EXT_Sstc, CSR_vstimecmp}, {EXT_S, CSR_sstatus}, {EXT_S, CSR_satp},
		{EXT_S, CSR_senvcfg}, {EXT_S, CSR_scounteren}, {EXT_S, CSR_medeleg}, {EXT_S, CSR_mideleg},
		{EXT_U, CSR_mcounteren}, {EXT_U, CSR_menvcfg},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_gone(rows[i].ext, rows[i].num);
}

Test(csr_access, envcfg_of_supervisors_can_be_absent)
{
	struct world *world = open_world();
	world->options.envcfg_absent = true;
	expect_verdicts(world, CSR_senvcfg, "iiiii", "iiiii");
	expect_verdicts(world, CSR_henvcfg, "iiiii", "iiiii");
	expect_verdicts(world, CSR_menvcfg, "oiiii", "oiiii");
	free(world);
}

/* norm:time_csr_architectural_availability */
Test(csr_access, time_can_be_absent)
{
	struct world *world = open_world();
	expect_verdicts(world, CSR_time, "ooooo", "iiiii");
	world->options.time_absent = true;
	expect_verdicts(world, CSR_time, "iiiii", "iiiii");
	expect_verdicts(world, CSR_cycle, "ooooo", "iiiii");
	free(world);
}

/* norm:pmp_entry_count */
Test(csr_access, pmp_csrs_of_implemented_entries)
{
	static const struct { unsigned entries, pmpcfg, pmpaddr; } counts[] = {{0, 0, 0}, {16, 2, 16}, {64, 8, 64}};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct world *world = new_world();
		world->options.pmp_entries = counts[i].entries;
		unsigned pmpcfg = 0, pmpaddr = 0;
		for (unsigned num = CSR_pmpcfg0; num < CSR_pmpaddr0; num++)
			pmpcfg += csr_check(&world->hart, num, true) == CSR_OK;
		for (unsigned num = CSR_pmpaddr0; num <= CSR_pmpaddr63; num++)
			pmpaddr += csr_check(&world->hart, num, true) == CSR_OK;
		cr_expect_eq(pmpcfg, counts[i].pmpcfg);
		cr_expect_eq(pmpaddr, counts[i].pmpaddr);
		free(world);
	}
}

/* ---- counter enables ---- */

/* Every combination of the three registers' bits, for every counter.
 * norm:mcounteren_clr_ill_inst_exc norm:hcounteren_op norm:scounteren_op
 * norm:H_virtinst_vs_nonhighctr_h0_m1 norm:H_virtinst_vu_nonhighctr_h0_s0_m1 */
Test(csr_access, counter_enable_chains)
{
	struct world *world = open_world();
	for (unsigned i = 0; i < 32; i++)
		for (unsigned bits = 0; bits < 8; bits++) {
			bool m = bits & 1, h = bits & 2, s = bits & 4;
			uint64_t bit = UINT64_C(1) << i;
			put(world, CSR_mcounteren, m ? bit : ~bit);
			put(world, CSR_hcounteren, h ? bit : ~bit);
			put(world, CSR_scounteren, s ? bit : ~bit);
			char expected[] = {'o', m ? 'o' : 'i', m && s ? 'o' : 'i', !m ? 'i' : h ? 'o' : 'v',
			                   !m ? 'i' : h && s ? 'o' : 'v', 0};
			expect_verdicts(world, 0xc00 + i, expected, "iiiii");
		}
	free(world);
}

/* norm:mcounteren_set_nxt_priv: without S-mode the next lower mode is U, and scounteren does not exist. */
Test(csr_access, counters_without_supervisor_mode)
{
	struct world *world = open_world();
	put(world, CSR_scounteren, 0);
	set_extension(&world->hart, EXT_S, false);
	set_extension(&world->hart, EXT_H, false);
	world->hart.mode = MODE_U;
	cr_expect_eq(csr_check(&world->hart, CSR_cycle, false), CSR_OK);
	put(world, CSR_mcounteren, 0);
	cr_expect_eq(csr_check(&world->hart, CSR_cycle, false), CSR_ILLEGAL);
	free(world);
}

/* ---- stimecmp, vstimecmp ---- */

/* Every combination of STCE and TM at both levels.
 * norm:menvcfg_stce_op2 norm:henvcfg_stce norm:mcounteren_tm_clr norm:mcounteren_tm_set norm:hcounteren_acc */
Test(csr_access, timer_compare_enables)
{
	struct world *world = open_world();
	for (unsigned bits = 0; bits < 16; bits++) {
		bool m_tm = bits & 1, h_tm = bits & 2, m_stce = bits & 4, h_stce = bits & 8;
		put(world, CSR_mcounteren, m_tm ? mcounteren_TM : 0);
		put(world, CSR_hcounteren, h_tm ? hcounteren_TM : 0);
		put(world, CSR_menvcfg, m_stce ? menvcfg_STCE : 0);
		put(world, CSR_henvcfg, h_stce ? henvcfg_STCE : 0);
		bool hs = m_tm && m_stce;
		char guest = !hs ? 'i' : h_tm && h_stce ? 'o' : 'v';
		char stimecmp[] = {'o', hs ? 'o' : 'i', 'i', guest, hs ? 'v' : 'i', 0};
		char vstimecmp[] = {'o', hs ? 'o' : 'i', 'i', hs ? 'v' : 'i', hs ? 'v' : 'i', 0};
		expect_verdicts(world, CSR_stimecmp, stimecmp, stimecmp);
		expect_verdicts(world, CSR_vstimecmp, vstimecmp, vstimecmp);
	}
	free(world);
}

/* scounteren.TM is about U-mode's reads of time. */
Test(csr_access, scounteren_does_not_touch_timer_compare)
{
	struct world *world = open_world();
	put(world, CSR_scounteren, 0);
	expect_verdicts(world, CSR_stimecmp, "ooiov", "ooiov");
	free(world);
}

/* ---- TVM and VTVM ---- */

/* norm:mstatus_tvm_hs norm:hgatp_tvm_illegal norm:hstatus_vtvm_op: TVM is HS-mode's, VTVM is VS-mode's, and neither
 * guards vsatp. */
Test(csr_access, tvm_and_vtvm)
{
	struct world *world = open_world();
	put(world, CSR_mstatus, mstatus_TVM);
	expect_verdicts(world, CSR_satp, "oiiov", "oiiov");
	expect_verdicts(world, CSR_hgatp, "oiivv", "oiivv");
	expect_verdicts(world, CSR_vsatp, "ooivv", "ooivv");
	put(world, CSR_mstatus, 0);
	put(world, CSR_hstatus, hstatus_VTVM);
	expect_verdicts(world, CSR_satp, "ooivv", "ooivv");
	expect_verdicts(world, CSR_hgatp, "ooivv", "ooivv");
	expect_verdicts(world, CSR_vsatp, "ooivv", "ooivv");
	expect_verdicts(world, CSR_sstatus, "ooiov", "ooiov");
	free(world);
}

/* ---- floating point ---- */

/* norm:vsstatus_fs_op norm:H_illegalinst_xstatus_fs_vs: both levels count for a guest, and it is always illegal. */
Test(csr_access, fs_off_is_illegal)
{
	static const struct { uint64_t fs, vs_fs; const char *expected; } rows[] = {
		{0, 0, "iiiii"}, {0, 1, "iiiii"}, {1, 0, "oooii"}, {1, 1, "ooooo"}, {2, 3, "ooooo"}, {3, 0, "oooii"},
	};
	struct world *world = open_world();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put(world, CSR_mstatus, rows[i].fs << mstatus_FS_LOW);
		put(world, CSR_vsstatus, rows[i].vs_fs << vsstatus_FS_LOW);
		for (unsigned num = CSR_fflags; num <= CSR_fcsr; num++)
			expect_verdicts(world, num, rows[i].expected, rows[i].expected);
	}
	free(world);
}

/* ---- which register a number means ---- */

/* norm:H_vscsrs_sub norm:H_vscsrs_v1 */
Test(csr_access, guests_see_vs_csrs)
{
	static const struct { unsigned s, vs; } pairs[] = {
		{CSR_stvec, CSR_vstvec}, {CSR_sscratch, CSR_vsscratch}, {CSR_sepc, CSR_vsepc}, {CSR_scause, CSR_vscause},
		{CSR_stval, CSR_vstval}, {CSR_stimecmp, CSR_vstimecmp}, {CSR_satp, CSR_vsatp},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct world *world = open_world();
		put(world, pairs[i].s, 0x1230);
		put(world, pairs[i].vs, 0x4560);
		world->hart.mode = MODE_VS;
		expect_hex(csr_read(&world->hart, pairs[i].s), 0x4560);
		csr_write(&world->hart, pairs[i].s, 0x7890);
		expect_hex(get(world, pairs[i].vs), 0x7890);
		expect_hex(get(world, pairs[i].s), 0x1230);
		world->hart.mode = MODE_HS;
		expect_hex(csr_read(&world->hart, pairs[i].s), 0x1230);
		expect_hex(csr_read(&world->hart, pairs[i].vs), 0x7890);
		free(world);
	}
}

/* norm:H_scsrs_nomatch: scounteren and senvcfg have no VS twin. */
Test(csr_access, some_supervisor_csrs_are_shared_with_guests)
{
	struct world *world = open_world();
	world->hart.mode = MODE_VS;
	csr_write(&world->hart, CSR_scounteren, 5);
	csr_write(&world->hart, CSR_senvcfg, senvcfg_FIOM);
	expect_hex(get(world, CSR_scounteren), 5);
	expect_hex(get(world, CSR_senvcfg), senvcfg_FIOM);
	free(world);
}

/* norm:htimedelta_sz_acc_op */
Test(csr_access, guests_see_time_moved_by_htimedelta)
{
	struct world *world = open_world();
	world->hart.now = 1234;
	put(world, CSR_htimedelta, -UINT64_C(23));
	for (enum mode mode = MODE_M; mode < MODE_COUNT; mode++) {
		world->hart.mode = mode;
		expect_hex(csr_read(&world->hart, CSR_time), mode_virt(mode) ? 100 : 123);
		expect_hex(get(world, CSR_time), 123);
	}
	free(world);
}

/* norm:mip_seip_rdcsr norm:mip_seip_wrcsr */
Test(csr_access, the_seip_wire_is_read_but_not_written_back)
{
	struct world *world = open_world();
	world->hart.irq_lines = mip_SEIP | mip_MTIP;
	expect_hex(csr_read(&world->hart, CSR_mip), mip_SEIP | mip_MTIP);
	expect_hex(csr_read_to_modify(&world->hart, CSR_mip), mip_MTIP);
	put(world, CSR_mip, mip_SEIP);
	expect_hex(csr_read_to_modify(&world->hart, CSR_mip), mip_SEIP | mip_MTIP);
	world->hart.irq_lines = 0;
	expect_hex(csr_read(&world->hart, CSR_mip), mip_SEIP);
	free(world);
}
