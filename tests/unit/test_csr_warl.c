/* What each register holds after a write, and how views of one register agree. */
#include "csr_hart.h"
#include "hart/trap.h"

/* ---- plain registers ---- */

Test(csr_warl, registers_that_hold_everything)
{
	static const unsigned numbers[] = {
		CSR_mscratch, CSR_sscratch, CSR_vsscratch, CSR_mtval, CSR_stval, CSR_vstval, CSR_mtval2, CSR_htval, CSR_mtinst,
		CSR_htinst, CSR_htimedelta, CSR_stimecmp, CSR_vstimecmp, CSR_mcause, CSR_scause, CSR_vscause,
	};
	struct world *world = new_world();
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		expect_hex(hold(world, numbers[i], ~UINT64_C(0)), ~UINT64_C(0));
		expect_hex(hold(world, numbers[i], 0), 0);
	}
	free(world);
}

Test(csr_warl, read_only_registers)
{
	struct world *world = new_world();
	world->hart.id = 3;
	expect_hex(hold(world, CSR_mhartid, 7), 3);
	expect_hex(hold(world, CSR_mvendorid, 7), 0);
	expect_hex(hold(world, CSR_marchid, 7), 0);
	expect_hex(hold(world, CSR_mimpid, 7), 0);
	expect_hex(hold(world, CSR_mconfigptr, 7), 0);
	uint64_t misa = get(world, CSR_misa);
	expect_hex(misa, isa_misa(&world->hart.isa));
	expect_hex(misa & misa_MXL, UINT64_C(2) << misa_MXL_LOW);
	expect_hex(hold(world, CSR_misa, 0), misa);
	free(world);
}

/* ---- status ---- */

/* norm:mstatus_mie_mprv_rst */
Test(csr_warl, status_after_reset)
{
	struct world *world = new_world();
	expect_hex(get(world, CSR_mstatus), UINT64_C(0xa00000000));
	expect_hex(get(world, CSR_sstatus), UINT64_C(0x200000000));
	expect_hex(get(world, CSR_vsstatus), UINT64_C(0x200000000));
	expect_hex(get(world, CSR_hstatus), UINT64_C(0x200000000));
	free(world);
}

/* norm:hgatp_vsatp_mode_rst norm:pmp_a_l_rst norm:mseccfg_mml_mmwp_rlb_rst norm:mseccfg_useed_sseed_rst
 * norm:mcause_rst_val norm:mcause_rst_zero: whatever they held. */
Test(csr_warl, registers_after_reset)
{
	static const struct { unsigned num; uint64_t before; } rows[] = {
		{CSR_mcause, 5}, {CSR_satp, UINT64_C(8) << 60 | 7}, {CSR_vsatp, UINT64_C(8) << 60 | 7}, {CSR_hgatp, UINT64_C(8) << 60 | 4},
		{CSR_pmpcfg0, 0x9f}, {CSR_pmpcfg2, 0x1f}, {CSR_mseccfg, mseccfg_MML | mseccfg_MMWP | mseccfg_RLB | mseccfg_SSEED | mseccfg_USEED},
	};
	struct world *world = new_world();
	set_extension(&world->hart, EXT_Zkr, true);
	with_extension(world, EXT_Smepmp, true);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect(hold(world, rows[i].num, rows[i].before) != 0, "%#x", rows[i].num);
	csr_reset(&world->hart);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_hex(get(world, rows[i].num), 0);
	free(world);
}

/* Svadu alone works from reset on, as does Svpbmt: M-mode may not know of them. Beside Svade, Svadu waits for ADUE. */
Test(csr_warl, envcfg_after_reset)
{
	static const struct { bool svadu, svade, svpbmt; uint64_t wanted; } rows[] = {
		{true, false, false, menvcfg_ADUE}, {true, true, false, 0}, {false, true, false, 0}, {false, false, false, 0},
		{true, false, true, menvcfg_ADUE | menvcfg_PBMTE}, {true, true, true, menvcfg_PBMTE}, {false, true, true, menvcfg_PBMTE},
	};
	struct world *world = new_world();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		set_extension(&world->hart, EXT_Svade, rows[i].svade);
		set_extension(&world->hart, EXT_Svpbmt, rows[i].svpbmt);
		with_extension(world, EXT_Svadu, rows[i].svadu);
		expect_hex(get(world, CSR_menvcfg), rows[i].wanted);
		expect_hex(get(world, CSR_henvcfg), rows[i].wanted);
		put(world, CSR_menvcfg, 0);
		csr_reset(&world->hart);
		expect_hex(get(world, CSR_menvcfg), rows[i].wanted);
	}
	free(world);
}

Test(csr_warl, writable_bits_of_status)
{
	struct world *world = new_world();
	/* SIE MIE SPIE UBE MPIE SPP MPP FS MPRV SUM MXR TVM TW TSR SBE MBE GVA MPV, with SD; UXL and SXL fixed */
	expect_hex(hold(world, CSR_mstatus, ~UINT64_C(0)), UINT64_C(0x80000000007e79ea) | UINT64_C(0xfa00000000));
	expect_hex(hold(world, CSR_mstatus, 0), UINT64_C(0xa00000000));
	/* SIE SPIE UBE SPP FS SUM MXR and SD */
	expect_hex(hold(world, CSR_sstatus, ~UINT64_C(0)), UINT64_C(0x80000002000c6162));
	expect_hex(get(world, CSR_mstatus), UINT64_C(0x8000000a000c6162));
	expect_hex(hold(world, CSR_vsstatus, ~UINT64_C(0)), UINT64_C(0x80000002000c6162));
	expect_hex(hold(world, CSR_sstatus, 0), UINT64_C(0x200000000));
	expect_hex(get(world, CSR_vsstatus), UINT64_C(0x80000002000c6162));
	free(world);
}

/* norm:mstatus_mstatush_xbe_warl norm:hstatus_vsbe_op */
Test(csr_warl, little_endian_only)
{
	struct world *world = new_world();
	world->options.little_endian = true;
	expect_hex(hold(world, CSR_mstatus, ~UINT64_C(0)) & (mstatus_MBE | mstatus_SBE | mstatus_UBE), 0);
	expect_hex(hold(world, CSR_hstatus, ~UINT64_C(0)) & hstatus_VSBE, 0);
	expect_hex(hold(world, CSR_vsstatus, ~UINT64_C(0)) & vsstatus_UBE, 0);
	free(world);
}

/* norm:mstatus_gva_op norm:mstatus_mpv_op belong to H. */
Test(csr_warl, status_without_h)
{
	struct world *world = new_world();
	with_extension(world, EXT_H, false);
	expect_hex(hold(world, CSR_mstatus, ~UINT64_C(0)), UINT64_C(0x8000003a007e79ea));
	free(world);
}

/* norm:mstatus_mprv_rdonly0_no_umode norm:mstatus_tsr_acc norm:mstatus_xpp_rdonly0 */
Test(csr_warl, status_of_machine_mode_alone)
{
	struct world *world = new_world();
	set_extension(&world->hart, EXT_H, false);
	set_extension(&world->hart, EXT_S, false);
	with_extension(world, EXT_U, false);
	expect_hex(get(world, CSR_mstatus), mstatus_MPP);
	expect_hex(hold(world, CSR_mstatus, ~UINT64_C(0)), mstatus_MIE | mstatus_MPIE | mstatus_MPP | mstatus_FS | mstatus_MBE |
	                                                       mstatus_SD);
	expect_hex(hold(world, CSR_mstatus, 0), mstatus_MPP);
	free(world);
}

/* norm:mstatus_xpp_warl: 2 is no mode, nor is 1 without S-mode. */
Test(csr_warl, mpp_holds_modes_only)
{
	struct world *world = new_world();
	for (uint64_t mpp = 0; mpp < 4; mpp++) {
		put(world, CSR_mstatus, mstatus_MPP);
		uint64_t held = hold(world, CSR_mstatus, mpp << mstatus_MPP_LOW) & mstatus_MPP;
		expect_hex(held >> mstatus_MPP_LOW, mpp == 2 ? 3 : mpp);
	}
	set_extension(&world->hart, EXT_H, false);
	with_extension(world, EXT_S, false);
	put(world, CSR_mstatus, mstatus_MPP);
	expect_hex(hold(world, CSR_mstatus, UINT64_C(1) << mstatus_MPP_LOW) & mstatus_MPP, mstatus_MPP);
	expect_hex(hold(world, CSR_mstatus, 0) & mstatus_MPP, 0);
	free(world);
}

/* norm:mstatus_sd_op1 norm:vsstatus_sd_xs_op */
Test(csr_warl, sd_means_dirty)
{
	struct world *world = new_world();
	for (uint64_t fs = 0; fs < 4; fs++) {
		uint64_t sd = fs == 3 ? mstatus_SD : 0;
		put(world, CSR_vsstatus, 0);
		expect_hex(hold(world, CSR_mstatus, fs << mstatus_FS_LOW) & mstatus_SD, sd);
		expect_hex(get(world, CSR_sstatus) & sstatus_SD, sd);
		expect_hex(get(world, CSR_vsstatus) & vsstatus_SD, 0);
		put(world, CSR_mstatus, 0);
		expect_hex(hold(world, CSR_vsstatus, fs << vsstatus_FS_LOW) & vsstatus_SD, sd);
		expect_hex(get(world, CSR_sstatus) & sstatus_SD, 0);
	}
	free(world);
}

Test(csr_warl, fs_without_f_is_zero)
{
	struct world *world = new_world();
	with_extension(world, EXT_F, false);
	expect_hex(hold(world, CSR_mstatus, mstatus_FS) & mstatus_FS, 0);
	expect_hex(hold(world, CSR_vsstatus, vsstatus_FS) & vsstatus_FS, 0);
	free(world);
}

/* norm:vsxl_ro */
Test(csr_warl, hstatus)
{
	struct world *world = new_world();
	/* VSBE GVA SPV SPVP HU VTVM VTW VTSR; VGEIN 63 is more than GEILEN */
	expect_hex(hold(world, CSR_hstatus, ~UINT64_C(0)), UINT64_C(0x2007003e0));
	expect_hex(hold(world, CSR_hstatus, 0), UINT64_C(0x200000000));
	free(world);
}

/* norm:hstatus_vgein_op */
Test(csr_warl, vgein_holds_zero_to_geilen)
{
	struct world *world = new_world();
	static const unsigned geilens[] = {0, 1, 5, 63};
	for (size_t i = 0; i < sizeof geilens / sizeof geilens[0]; i++) {
		world->options.geilen = geilens[i];
		csr_reset(&world->hart);
		for (uint64_t vgein = 0; vgein < 64; vgein++) {
			put(world, CSR_hstatus, 0);
			uint64_t held = hold(world, CSR_hstatus, vgein << hstatus_VGEIN_LOW) & hstatus_VGEIN;
			expect_hex(held >> hstatus_VGEIN_LOW, vgein <= geilens[i] ? vgein : 0);
		}
	}
	free(world);
}

/* ---- trap vectors and pcs ---- */

Test(csr_warl, trap_vectors)
{
	static const unsigned numbers[] = {CSR_mtvec, CSR_stvec, CSR_vstvec};
	struct world *world = new_world();
	for (size_t i = 0; i < 3; i++) {
		expect_hex(hold(world, numbers[i], 0xfffffffffffffffc), 0xfffffffffffffffc);
		expect_hex(hold(world, numbers[i], 0x80001235), 0x80001235);
		expect_hex(hold(world, numbers[i], 0x80002236), 0x80002235); /* mode 2: the old mode stays */
		expect_hex(hold(world, numbers[i], 0x80002237), 0x80002235);
		expect_hex(hold(world, numbers[i], 0x80004), 0x80004);
	}
	free(world);
}

/* norm:mepc_align norm:vsepc_warl */
Test(csr_warl, exception_pcs_are_aligned)
{
	static const unsigned numbers[] = {CSR_mepc, CSR_sepc, CSR_vsepc};
	struct world *world = new_world();
	for (size_t i = 0; i < 3; i++)
		expect_hex(hold(world, numbers[i], ~UINT64_C(0)), ~UINT64_C(1));
	set_extension(&world->hart, EXT_Zca, false);
	for (size_t i = 0; i < 3; i++)
		expect_hex(hold(world, numbers[i], ~UINT64_C(0)), ~UINT64_C(3));
	free(world);
}

/* ---- delegation ---- */

/* norm:medeleg_when_rd0 norm:medeleg_16_no_rd0 norm:hedeleg_acc */
Test(csr_warl, delegable_exceptions)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_medeleg, ~UINT64_C(0)), 0xfcb7ff);
	expect_hex(hold(world, CSR_hedeleg, ~UINT64_C(0)), 0x0cb1ff);
	with_extension(world, EXT_H, false);
	expect_hex(hold(world, CSR_medeleg, ~UINT64_C(0)), 0x0cb3ff);
	free(world);
}

/* norm:mideleg_acc_h norm:hideleg_acc norm:mideleg_no_rd1 */
Test(csr_warl, delegable_interrupts)
{
	struct world *world = new_world();
	expect_hex(get(world, CSR_mideleg), 0x1444);
	expect_hex(hold(world, CSR_mideleg, ~UINT64_C(0)), 0x1666);
	expect_hex(hold(world, CSR_mideleg, 0), 0x1444);
	expect_hex(hold(world, CSR_hideleg, ~UINT64_C(0)), 0x0444);
	world->options.geilen = 0;
	csr_reset(&world->hart);
	expect_hex(get(world, CSR_mideleg), 0x0444);
	with_extension(world, EXT_H, false);
	expect_hex(hold(world, CSR_mideleg, ~UINT64_C(0)), 0x0222);
	free(world);
}

/* ---- interrupt enables: one register, mie, seen through masks ---- */

Test(csr_warl, enables)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_mie, ~UINT64_C(0)), 0x1eee);
	expect_hex(get(world, CSR_sie), 0);
	expect_hex(get(world, CSR_hie), 0x1444);
	put(world, CSR_mideleg, 0x222);
	expect_hex(get(world, CSR_sie), 0x222);
	put(world, CSR_mideleg, 0x020);
	expect_hex(hold(world, CSR_sie, 0), 0);
	expect_hex(get(world, CSR_mie), 0x1ece);
	expect_hex(hold(world, CSR_hie, 0x1004), 0x1004);
	expect_hex(get(world, CSR_mie), 0x1a8e);
	free(world);
}

/* norm:sie_hip_hie_mutex */
Test(csr_warl, sie_and_hie_share_no_bit)
{
	struct world *world = new_world();
	put(world, CSR_mideleg, ~UINT64_C(0));
	put(world, CSR_mie, 0);
	uint64_t sie = hold(world, CSR_sie, ~UINT64_C(0));
	uint64_t hie = hold(world, CSR_hie, ~UINT64_C(0));
	expect_hex(sie & hie, 0);
	expect_hex(get(world, CSR_mie), sie | hie);
	free(world);
}

Test(csr_warl, enables_without_guest_externals_and_without_h)
{
	struct world *world = new_world();
	world->options.geilen = 0;
	csr_reset(&world->hart);
	expect_hex(hold(world, CSR_mie, ~UINT64_C(0)), 0x0eee);
	expect_hex(get(world, CSR_hie), 0x0444);
	with_extension(world, EXT_H, false);
	expect_hex(hold(world, CSR_mie, ~UINT64_C(0)), 0x0aaa);
	with_extension(world, EXT_S, false);
	expect_hex(hold(world, CSR_mie, ~UINT64_C(0)), 0x0888);
	free(world);
}

/* norm:vsip_vsie_sei norm:vsip_vsie_sti norm:vsip_vsie_ssi: for each bit and each state of hideleg. */
Test(csr_warl, vsie_is_hie_by_hideleg)
{
	struct world *world = new_world();
	static const unsigned bits[] = {2, 6, 10};
	for (size_t i = 0; i < 3; i++) {
		uint64_t vs = UINT64_C(1) << bits[i], s = vs >> 1;
		put(world, CSR_hideleg, vs);
		put(world, CSR_mie, 0);
		expect_hex(hold(world, CSR_vsie, ~UINT64_C(0)), s);
		expect_hex(get(world, CSR_hie), vs);
		put(world, CSR_hideleg, 0x444 & ~vs);
		expect_hex(get(world, CSR_vsie), 0);
		put(world, CSR_vsie, 0);
		expect_hex(get(world, CSR_hie), vs);
		put(world, CSR_mie, 0);
	}
	free(world);
}

/* norm:geilen */
/* norm:vsip_vsie_lcofi: only with Shlcofideleg, and under its own number. */
Test(csr_warl, counter_overflows_by_hideleg)
{
	struct world *world = new_world();
	with_extension(world, EXT_Sscofpmf, true);
	put(world, CSR_mideleg, hideleg_LCOFI);
	cr_expect_eq(hold(world, CSR_hideleg, hideleg_LCOFI), 0);

	with_extension(world, EXT_Shlcofideleg, true);
	put(world, CSR_mideleg, 0);
	cr_expect_eq(hold(world, CSR_hideleg, hideleg_LCOFI), 0, "norm:mideleg_hroz");
	put(world, CSR_mip, mip_LCOFIP);
	put(world, CSR_vsie, ~UINT64_C(0));
	cr_expect_eq(get(world, CSR_vsip) | get(world, CSR_vsie), 0, "what mideleg keeps back goes no further");
	put(world, CSR_mideleg, hideleg_LCOFI);
	cr_expect_eq(get(world, CSR_hideleg), 0, "a read-only bit was not written");
	put(world, CSR_hideleg, hideleg_LCOFI);
	put(world, CSR_mideleg, 0);
	cr_expect_eq(hold(world, CSR_hideleg, 0x444), 0x444, "a read-only bit reads zero");
	put(world, CSR_mideleg, hideleg_LCOFI);
	cr_expect_eq(get(world, CSR_hideleg), 0x444 | hideleg_LCOFI, "and keeps what it held");
	put(world, CSR_hideleg, 0);
	for (unsigned delegated = 0; delegated < 2; delegated++) {
		uint64_t seen = delegated ? vsip_LCOFIP : 0;
		put(world, CSR_hideleg, seen);
		put(world, CSR_mip, mip_LCOFIP);
		put(world, CSR_mie, mie_LCOFIE);
		cr_expect_eq(get(world, CSR_hideleg), seen);
		cr_expect_eq(get(world, CSR_vsip), seen);
		cr_expect_eq(get(world, CSR_vsie), seen);
		put(world, CSR_vsip, 0);
		put(world, CSR_vsie, 0);
		cr_expect_eq(get(world, CSR_mip) & mip_LCOFIP, delegated ? 0 : mip_LCOFIP);
		cr_expect_eq(get(world, CSR_mie) & mie_LCOFIE, delegated ? 0 : mie_LCOFIE);
		put(world, CSR_vsie, ~UINT64_C(0));
		cr_expect_eq(get(world, CSR_sie) & sie_LCOFIE, sie_LCOFIE);
	}
	free(world);
}

Test(csr_warl, hgeie_has_geilen_bits)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_hgeie, ~UINT64_C(0)), 0x3e);
	world->hart.hgei = ~UINT64_C(0);
	expect_hex(get(world, CSR_hgeip), 0x3e);
	world->options.geilen = 63;
	expect_hex(hold(world, CSR_hgeie, ~UINT64_C(0)), ~UINT64_C(1));
	world->options.geilen = 0;
	expect_hex(hold(world, CSR_hgeie, ~UINT64_C(0)), 0);
	expect_hex(get(world, CSR_hgeip), 0);
	free(world);
}

/* ---- interrupts pending ---- */

/* norm:mip_seip_acc norm:mip_ssip_acc norm:mip_stip_no_stimecmp_acc norm:mip_mie_alias */
Test(csr_warl, writable_bits_of_mip)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_mip, ~UINT64_C(0)), mip_SSIP | mip_STIP | mip_SEIP | mip_VSSIP);
	expect_hex(get(world, CSR_hip), hip_VSSIP);
	expect_hex(get(world, CSR_hvip), hvip_VSSIP);
	expect_hex(hold(world, CSR_mip, 0), 0);
	with_extension(world, EXT_H, false);
	expect_hex(hold(world, CSR_mip, ~UINT64_C(0)), mip_SSIP | mip_STIP | mip_SEIP);
	set_extension(&world->hart, EXT_S, false);
	expect_hex(hold(world, CSR_mip, ~UINT64_C(0)), 0);
	free(world);
}

/* norm:mip_stip_stimecmp_acc norm:menvcfg_stce_op2: STIP is the timer's while STCE is set. */
Test(csr_warl, stip_follows_stimecmp_while_enabled)
{
	struct world *world = new_world();
	put(world, CSR_menvcfg, menvcfg_STCE);
	put(world, CSR_stimecmp, 100);
	world->hart.now = 999;
	expect_hex(hold(world, CSR_mip, mip_STIP), 0);
	world->hart.now = 1000;
	expect_hex(hold(world, CSR_mip, 0), mip_STIP);
	put(world, CSR_mip, mip_STIP);
	put(world, CSR_menvcfg, 0);
	expect_hex(get(world, CSR_mip), 0);
	expect_hex(hold(world, CSR_mip, mip_STIP), mip_STIP);
	free(world);
}

/* norm:sip_ssip_sie_ssie norm:sip_seip_sie_seie norm:sip_stip_sie_stie */
Test(csr_warl, sip_is_mip_by_mideleg)
{
	struct world *world = new_world();
	put(world, CSR_mip, mip_SSIP | mip_STIP | mip_SEIP);
	expect_hex(get(world, CSR_sip), 0);
	put(world, CSR_sip, 0);
	expect_hex(get(world, CSR_mip), mip_SSIP | mip_STIP | mip_SEIP);
	put(world, CSR_mideleg, 0x222);
	expect_hex(get(world, CSR_sip), sip_SSIP | sip_STIP | sip_SEIP);
	expect_hex(hold(world, CSR_sip, 0), sip_STIP | sip_SEIP);
	put(world, CSR_mip, 0);
	expect_hex(hold(world, CSR_sip, ~UINT64_C(0)), sip_SSIP);
	free(world);
}

/* norm:hvip_acc norm:hip_vssip_vssie_op norm:hip_acc */
Test(csr_warl, hvip_and_hip)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_hvip, ~UINT64_C(0)), 0x444);
	expect_hex(get(world, CSR_hip), 0x444);
	expect_hex(get(world, CSR_mip), 0x444);
	expect_hex(hold(world, CSR_hip, 0), 0x440);
	expect_hex(get(world, CSR_hvip), 0x440);
	put(world, CSR_hvip, 0);
	expect_hex(hold(world, CSR_hip, ~UINT64_C(0)), hip_VSSIP);
	expect_hex(get(world, CSR_hvip), hvip_VSSIP);
	free(world);
}

/* norm:vsip_vsie_sei norm:vsip_vsie_sti norm:vsip_vsie_ssi */
Test(csr_warl, vsip_is_hip_by_hideleg)
{
	struct world *world = new_world();
	put(world, CSR_hvip, 0x444);
	expect_hex(get(world, CSR_vsip), 0);
	put(world, CSR_hideleg, 0x440);
	expect_hex(get(world, CSR_vsip), 0x220);
	put(world, CSR_vsip, 0);
	expect_hex(get(world, CSR_hvip), 0x444); /* not delegated, so not the guest's to clear */
	put(world, CSR_hideleg, 0x444);
	expect_hex(get(world, CSR_vsip), 0x222);
	expect_hex(hold(world, CSR_vsip, 0), 0x220);
	expect_hex(get(world, CSR_hvip), 0x440);
	expect_hex(hold(world, CSR_vsip, 0x222), 0x222);
	free(world);
}

/* A guest's sip is vsip, and HS-level interrupts stay out of it. norm:vsip_vsie_sz_acc_op */
Test(csr_warl, guests_do_not_see_supervisor_interrupts)
{
	struct world *world = new_world();
	put(world, CSR_mideleg, 0x222);
	put(world, CSR_hideleg, 0x444);
	put(world, CSR_mip, mip_SSIP | mip_SEIP);
	put(world, CSR_sie, 0x222);
	world->hart.mode = MODE_VS;
	expect_hex(csr_read(&world->hart, CSR_sip), 0);
	expect_hex(csr_read(&world->hart, CSR_sie), 0);
	csr_write(&world->hart, CSR_sie, sie_STIE);
	expect_hex(get(world, CSR_mie), 0x262);
	free(world);
}

/* ---- address translation ---- */

/* norm:satp_mode_op_unsupported norm:vsatp_mode_unsupported_v0 norm:vsatp_mode_unsupported_v1 */
Test(csr_warl, satp_ignores_unsupported_modes)
{
	static const unsigned numbers[] = {CSR_satp, CSR_vsatp};
	for (size_t i = 0; i < 2; i++) {
		struct world *world = new_world();
		uint64_t sv39 = UINT64_C(8) << 60;
		expect_hex(hold(world, numbers[i], sv39 | satp_ASID | satp_PPN), sv39 | satp_ASID | satp_PPN);
		for (uint64_t mode = 1; mode < 16; mode++)
			if (mode != 8)
				expect_hex(hold(world, numbers[i], mode << 60), sv39 | satp_ASID | satp_PPN);
		expect_hex(hold(world, numbers[i], sv39 | 5), sv39 | 5);
		expect_hex(hold(world, numbers[i], 0), 0);
		free(world);
	}
}

Test(csr_warl, a_guest_with_an_unsupported_mode_writes_nothing)
{
	struct world *world = new_world();
	put(world, CSR_vsatp, UINT64_C(8) << 60 | 7);
	world->hart.mode = MODE_VS;
	csr_write(&world->hart, CSR_satp, UINT64_C(9) << 60 | 8);
	expect_hex(get(world, CSR_vsatp), UINT64_C(8) << 60 | 7);
	expect_hex(get(world, CSR_satp), 0);
	free(world);
}

Test(csr_warl, translation_modes_go_with_their_extension)
{
	static const struct { enum ext ext; uint64_t mode; } rows[] = {{EXT_Sv39, 8}, {EXT_Sv48, 9}, {EXT_Sv57, 10}};
	static const unsigned numbers[] = {CSR_satp, CSR_vsatp, CSR_hgatp};
	for (size_t i = 0; i < 9; i++) {
		struct world *world = new_world();
		uint64_t value = rows[i % 3].mode << 60;
		with_extension(world, rows[i % 3].ext, true);
		expect_hex(hold(world, numbers[i / 3], value), value);
		with_extension(world, rows[i % 3].ext, false);
		expect_hex(hold(world, numbers[i / 3], value), 0);
		free(world);
	}
}

/* norm:hgatp_mode_warl norm:hgatp_ppn_op */
Test(csr_warl, hgatp_keeps_its_mode)
{
	struct world *world = new_world();
	uint64_t sv39x4 = UINT64_C(8) << 60;
	expect_hex(hold(world, CSR_hgatp, sv39x4 | hgatp_VMID | hgatp_PPN), sv39x4 | hgatp_VMID | (hgatp_PPN & ~UINT64_C(3)));
	uint64_t vmid = UINT64_C(9) << 44;
	expect_hex(hold(world, CSR_hgatp, UINT64_C(15) << 60 | vmid | 0x123f), sv39x4 | vmid | 0x123c);
	expect_hex(hold(world, CSR_hgatp, sv39x4 | UINT64_C(3) << 58), sv39x4); /* bits 59:58 are reserved */
	expect_hex(hold(world, CSR_hgatp, 0), 0);
	free(world);
}

/* norm:hgatp_vmid_lsbs */
Test(csr_warl, identifiers_have_the_platform_s_width)
{
	struct world *world = new_world();
	for (unsigned bits = 0; bits <= 16; bits++) {
		world->options.asid_bits = bits;
		uint64_t ids = ((UINT64_C(1) << bits) - 1) << 44;
		expect_hex(hold(world, CSR_satp, satp_ASID), ids);
		expect_hex(hold(world, CSR_vsatp, vsatp_ASID), ids);
		if (bits > 14)
			continue;
		world->options.vmid_bits = bits;
		expect_hex(hold(world, CSR_hgatp, hgatp_VMID), ids);
	}
	free(world);
}

/* ---- environment configuration ---- */

/* Only what belongs to an extension of the hart can be set. */
Test(csr_warl, envcfg_fields_go_with_their_extension)
{
	static const struct { enum ext ext; uint64_t menvcfg, henvcfg, senvcfg; } rows[] = {
		{EXT_Zicbom, 0x70, 0x70, 0x70}, {EXT_Zicboz, 0x80, 0x80, 0x80}, {EXT_Svadu, 1ull << 61, 1ull << 61, 0},
		{EXT_Svpbmt, 1ull << 62, 1ull << 62, 0}, {EXT_Sstc, 1ull << 63, 1ull << 63, 0},
		{EXT_Smnpm, 3ull << 32, 0, 0}, {EXT_Ssnpm, 0, 3ull << 32, 3ull << 32},
	};
	struct world *world = new_world();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		set_extension(&world->hart, rows[i].ext, false);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		with_extension(world, rows[i].ext, true);
		expect_hex(hold(world, CSR_menvcfg, ~UINT64_C(0)), rows[i].menvcfg | menvcfg_FIOM);
		expect_hex(hold(world, CSR_henvcfg, ~UINT64_C(0)), rows[i].henvcfg | henvcfg_FIOM);
		expect_hex(hold(world, CSR_senvcfg, ~UINT64_C(0)), rows[i].senvcfg | senvcfg_FIOM);
		with_extension(world, rows[i].ext, false);
		expect_hex(hold(world, CSR_menvcfg, ~UINT64_C(0)), menvcfg_FIOM);
		expect_hex(hold(world, CSR_henvcfg, ~UINT64_C(0)), henvcfg_FIOM);
		expect_hex(hold(world, CSR_senvcfg, ~UINT64_C(0)), senvcfg_FIOM);
	}
	free(world);
}

/* norm:menvcfg_cbie_warl_op norm:menvcfg_pmm_op: reserved encodings leave the field as it was. */
Test(csr_warl, reserved_encodings_of_envcfg)
{
	static const unsigned numbers[] = {CSR_menvcfg, CSR_henvcfg, CSR_senvcfg};
	struct world *world = new_world();
	set_extension(&world->hart, EXT_Smnpm, true);
	set_extension(&world->hart, EXT_Ssnpm, true);
	with_extension(world, EXT_Zicbom, true);
	for (size_t i = 0; i < 3; i++) {
		expect_hex(hold(world, numbers[i], 0x10 | 2ull << 32), 0x10 | 2ull << 32);
		expect_hex(hold(world, numbers[i], 0x20 | 3ull << 32), 0x10 | 3ull << 32);
		expect_hex(hold(world, numbers[i], 0x30 | 1ull << 32), 0x30 | 3ull << 32);
		expect_hex(hold(world, numbers[i], 0), 0);
	}
	expect_hex(hold(world, CSR_hstatus, 3ull << 48) & hstatus_HUPMM, 3ull << 48);
	expect_hex(hold(world, CSR_hstatus, 1ull << 48) & hstatus_HUPMM, 3ull << 48);
	free(world);
}

/* norm:menvcfg_pbmte_henvcfg_pbmte_rdonly0 norm:menvcfg_adue_henvcfg_adue_rdonly0 norm:menvcfg_stce_op2 */
Test(csr_warl, henvcfg_is_gated_by_menvcfg)
{
	static const uint64_t gated[] = /* ADUE PBMTE STCE */ {1ull << 61, 1ull << 62, 1ull << 63};
	struct world *world = new_world();
	with_extension(world, EXT_Svpbmt, true);
	put(world, CSR_menvcfg, 0);
	for (size_t i = 0; i < 3; i++) {
		expect_hex(hold(world, CSR_henvcfg, gated[i]), 0);
		put(world, CSR_menvcfg, gated[i]);
		expect_hex(hold(world, CSR_henvcfg, ~UINT64_C(0)), gated[i] | henvcfg_FIOM);
		put(world, CSR_menvcfg, 0);
		expect_hex(get(world, CSR_henvcfg), henvcfg_FIOM);
	}
	free(world);
}

Test(csr_warl, without_svadu_there_is_no_adue)
{
	struct world *world = new_world();
	with_extension(world, EXT_Svadu, false);
	expect_hex(hold(world, CSR_menvcfg, menvcfg_ADUE), 0);
	expect_hex(hold(world, CSR_henvcfg, henvcfg_ADUE), 0);
	free(world);
}

/* ---- floating point ---- */

Test(csr_warl, fcsr_and_its_parts)
{
	struct world *world = new_world();
	expect_hex(hold(world, CSR_fcsr, ~UINT64_C(0)), 0xff);
	expect_hex(get(world, CSR_frm), 7);
	expect_hex(get(world, CSR_fflags), 0x1f);
	expect_hex(hold(world, CSR_frm, ~UINT64_C(7) | 2), 2);
	expect_hex(get(world, CSR_fcsr), 0x5f);
	expect_hex(hold(world, CSR_fflags, ~UINT64_C(0x1f) | 9), 9);
	expect_hex(get(world, CSR_fcsr), 0x49);
	free(world);
}

/* norm:vsstatus_fs_op norm:mstatus_fs_vs_xs_dirty_op */
Test(csr_warl, writing_fcsr_makes_fp_dirty)
{
	struct world *world = new_world();
	for (unsigned num = CSR_fflags; num <= CSR_fcsr; num++) {
		put(world, CSR_mstatus, 1 << mstatus_FS_LOW);
		put(world, CSR_vsstatus, 1 << vsstatus_FS_LOW);
		world->hart.mode = MODE_HS;
		csr_write(&world->hart, num, 0);
		expect_hex(get(world, CSR_mstatus) & mstatus_FS, mstatus_FS);
		expect_hex(get(world, CSR_vsstatus) & vsstatus_FS, 1 << vsstatus_FS_LOW);
		put(world, CSR_mstatus, 1 << mstatus_FS_LOW);
		world->hart.mode = MODE_VU;
		csr_write(&world->hart, num, 0);
		expect_hex(get(world, CSR_mstatus) & mstatus_FS, mstatus_FS);
		expect_hex(get(world, CSR_vsstatus) & vsstatus_FS, vsstatus_FS);
	}
	free(world);
}

/* ---- counter enables ---- */

Test(csr_warl, counter_enables)
{
	static const unsigned numbers[] = {CSR_mcounteren, CSR_hcounteren, CSR_scounteren};
	struct world *world = new_world();
	for (size_t i = 0; i < 3; i++) {
		set_extension(&world->hart, EXT_Zihpm, true);
		expect_hex(hold(world, numbers[i], ~UINT64_C(0)), 0xffffffff);
		set_extension(&world->hart, EXT_Zihpm, false);
		expect_hex(hold(world, numbers[i], ~UINT64_C(0)), 7);
	}
	free(world);
}

/* ---- effects: what the engine is asked to look at again ---- */

Test(csr_warl, effects_of_writes)
{
	static const struct { unsigned num; uint32_t effects; } rows[] = {
		{CSR_mscratch, 0}, {CSR_sepc, 0}, {CSR_mstatus, EFFECT_MODE | EFFECT_IRQ}, {CSR_sstatus, EFFECT_MODE | EFFECT_IRQ},
		{CSR_vsstatus, EFFECT_MODE | EFFECT_IRQ}, {CSR_hstatus, EFFECT_MODE | EFFECT_IRQ}, {CSR_mie, EFFECT_IRQ},
		{CSR_sie, EFFECT_IRQ}, {CSR_hie, EFFECT_IRQ}, {CSR_vsie, EFFECT_IRQ}, {CSR_mip, EFFECT_IRQ}, {CSR_sip, EFFECT_IRQ},
		{CSR_hip, EFFECT_IRQ}, {CSR_hvip, EFFECT_IRQ}, {CSR_vsip, EFFECT_IRQ}, {CSR_mideleg, EFFECT_IRQ},
		{CSR_hideleg, EFFECT_IRQ}, {CSR_hgeie, EFFECT_IRQ}, {CSR_stimecmp, EFFECT_IRQ}, {CSR_vstimecmp, EFFECT_IRQ},
		{CSR_htimedelta, EFFECT_IRQ}, {CSR_satp, EFFECT_TRANSLATE}, {CSR_vsatp, EFFECT_TRANSLATE},
		{CSR_hgatp, EFFECT_TRANSLATE}, {CSR_pmpcfg0, EFFECT_TRANSLATE}, {CSR_pmpaddr0, EFFECT_TRANSLATE},
		{CSR_menvcfg, EFFECT_MODE | EFFECT_IRQ | EFFECT_TRANSLATE}, {CSR_frm, EFFECT_MODE},
		{CSR_mseccfg, EFFECT_MODE | EFFECT_TRANSLATE},
	};
	struct world *world = new_world();
	with_extension(world, EXT_Smepmp, true);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		world->hart.effects = 0;
		put(world, rows[i].num, 0);
		cr_expect_eq(world->hart.effects, rows[i].effects, "%s: %#x", csr_info(rows[i].num)->name, world->hart.effects);
	}
	free(world);
}
