/* ISA strings and sets of extensions. */
#include <criterion/criterion.h>
#include <string.h>
#include "isa/isa.h"

static struct isa parsed(const char *text)
{
	struct isa isa;
	char error[128] = "";

	cr_assert_eq(isa_parse(text, &isa, error, sizeof(error)), 0, "%s: %s", text, error);
	return isa;
}

static bool same(const struct isa *a, const struct isa *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void refused(const char *text, const char *reason)
{
	struct isa isa;
	char error[128] = "";

	cr_assert_eq(isa_parse(text, &isa, error, sizeof(error)), -1, "%s was accepted", text);
	cr_assert_str_eq(error, reason);
}

Test(isa, default_has_the_foundation)
{
	static const enum ext expected[] = {
		EXT_I, EXT_M, EXT_A, EXT_F, EXT_D, EXT_C, EXT_H, EXT_S, EXT_U, EXT_Zca, EXT_Zcd, EXT_Zicsr, EXT_Zifencei,
		EXT_Zicntr, EXT_Sstc, EXT_Sv39, EXT_Svinval, EXT_HSvinval, EXT_Sv48, EXT_Sv57, EXT_Svnapot, EXT_Svpbmt,
	};
	struct isa isa = isa_default();

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		cr_expect(isa_has(&isa, expected[i]), "extension %d is off", expected[i]);
}

/* What is off by default is what software that does not know of it would run into: README.md says how. */
Test(isa, what_the_default_lacks)
{
	static const enum ext asked[] = {EXT_Smstateen, EXT_Ssstateen, EXT_Zkr, EXT_Svade}, named[] = {EXT_Smrnmi, EXT_Smdbltrp};
	struct isa standard = isa_default(), all = parsed("all"), max = parsed("ALL");

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		cr_expect(!isa_has(&standard, asked[i]) && isa_has(&all, asked[i]), "extension %d", asked[i]);
		isa_add(&standard, asked[i]);
	}
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		cr_expect(!isa_has(&all, named[i]), "extension %d", named[i]);
	cr_expect(same(&standard, &all) && same(&max, &all));
	isa_add(&all, EXT_Smrnmi);
	isa_add(&all, EXT_Smdbltrp);
	for (unsigned ext = 0; ext < EXT_COUNT; ext++)
		cr_expect(isa_has(&all, ext), "extension %u", ext);
}

/* Without Svadu, page faults are what there is: Svade by name or not. norm:Svadu_disabled_hw_update_falls_back_to_svade */
Test(isa, svade_is_what_remains_without_svadu)
{
	static const struct { const char *text; bool svade, svadu; } rows[] = {
		{"+h", false, true}, {"-svadu", true, false}, {"-svade", false, true}, {"-svade,-svadu", true, false},
		{"-svadu,-svade", true, false}, {"+svade", true, true}, {"-svadu,+svadu", true, true}, {"all", true, true},
		{"rv64gc", true, false}, {"rv64gc_svadu", false, true}, {"rv64gc_svadu_svade", true, true},
		{"rv64gc_svade", true, false}, {"-sv39", false, true}, {"-svadu,-sv39", true, false}, {"-s", false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct isa isa = parsed(rows[i].text);

		cr_expect_eq(isa_has(&isa, EXT_Svade), rows[i].svade, "%s", rows[i].text);
		cr_expect_eq(isa_has(&isa, EXT_Svadu), rows[i].svadu, "%s", rows[i].text);
	}
}

Test(isa, misa_has_a_bit_a_letter)
{
	struct isa isa = parsed("rv64imafdch");

	/* MXL 2; A C D F H I M S U */
	cr_expect_eq(isa_misa(&isa), UINT64_C(2) << 62 | 0x1411ad);
	isa = parsed("rv64i_zba_zbb_zbs");
	cr_expect_eq(isa_misa(&isa), UINT64_C(2) << 62 | 0x140102);
	isa = parsed("rv64i_zba_zbb");
	cr_expect_eq(isa_misa(&isa), UINT64_C(2) << 62 | 0x140100);
}

Test(isa, string_is_canonical)
{
	char text[512];
	struct isa isa = parsed("RV64I_SSTC_Zba_zicsr_MAD");

	isa_string(&isa, text, sizeof(text));
	cr_expect_str_eq(text, "rv64imafd_zicsr_zmmul_zaamo_zalrsc_zba_sstc_sv39_svade");
}

/* Categories of Z names in the order of the letters they are near to, then all S names; each by the alphabet. */
Test(isa, names_are_in_canonical_order)
{
	static const char letters[] = "imafdqlcbkjtpvh";
	struct isa isa = isa_default();
	const char *before = "i";

	for (unsigned ext = 1; ext < EXT_COUNT; ext++) {
		const char *name = isa_name(&isa, ext);
		bool z, both;

		if (!name)
			continue;
		z = name[0] == 'z';
		both = before[0] == 'z' && z;
		if (name[1] == '\0')
			cr_expect(before[1] == '\0' && strchr(letters, before[0]) < strchr(letters, name[0]), "%s", name);
		else if (both && before[1] != name[1])
			cr_expect(strchr(letters, before[1]) < strchr(letters, name[1]), "%s behind %s", name, before);
		else if (before[0] == name[0])
			cr_expect(strcmp(before, name) < 0, "%s behind %s", name, before);
		else
			cr_expect(before[1] == '\0' || (before[0] == 'z' && name[0] == 's'), "%s behind %s", name, before);
		before = name;
	}
}

/* U-Boot 2023.01 cuts its line "CPU:   " and the string at 275 characters. */
Test(isa, short_string_has_what_its_readers_know)
{
	struct isa isa = isa_default();
	char text[512], all[2048];

	isa_change(&isa, "zkr", true, text, sizeof(text));
	isa_change(&isa, "smstateen", true, text, sizeof(text));
	isa_short_string(&isa, text, sizeof(text));
	cr_expect_leq(strlen(text), 250, "%s", text);
	cr_expect_eq(strncmp(text, "rv64imafdch_zicbom_", 19), 0, "%s", text);
	cr_expect(strstr(text, "_sstc") && strstr(text, "_svpbmt") && !strstr(text, "_shgatpa") && !strstr(text, "_zca"), "%s", text);
	isa = parsed("rv64imac");
	isa_short_string(&isa, text, sizeof(text));
	isa_string(&isa, all, sizeof(all));
	cr_expect_str_eq(text, "rv64imac_zicsr");
	cr_expect_str_eq(all, "rv64imac_zicsr_zmmul_zaamo_zalrsc_zca_sv39_svade");
}

Test(isa, string_is_cut_to_its_room)
{
	char text[8] = "xxxxxxx";
	struct isa isa = isa_default();

	isa_string(&isa, text, sizeof(text));
	cr_expect_str_eq(text, "rv64ima");
}

Test(isa, string_reads_back)
{
	char text[1024];
	struct isa isa = isa_default(), again;

	isa_string(&isa, text, sizeof(text));
	again = parsed(text);
	cr_expect(same(&isa, &again), "%s", text);
	isa = parsed("-h,-zacas");
	isa_string(&isa, text, sizeof(text));
	again = parsed(text);
	cr_expect(same(&isa, &again), "%s", text);
}

Test(isa, string_says_exactly_what_there_is)
{
	struct isa isa = parsed("rv64imac");

	cr_expect(isa_has(&isa, EXT_Zca) && !isa_has(&isa, EXT_Zcd));
	cr_expect(!isa_has(&isa, EXT_F) && !isa_has(&isa, EXT_H) && !isa_has(&isa, EXT_Sstc) && !isa_has(&isa, EXT_Zbb));
	cr_expect(!isa_has(&isa, EXT_Zicntr));
	/* modes and paging are not spelled */
	cr_expect(isa_has(&isa, EXT_S) && isa_has(&isa, EXT_U) && isa_has(&isa, EXT_Sv39));
}

Test(isa, letters_and_names_join_with_or_without_underscores)
{
	struct isa a = parsed("rv64imafdc_zicsr_zba"), b = parsed("rv64imafdczicsr_zba"), c = parsed("rv64i_m_a_fdc_zba");

	cr_expect(same(&a, &b));
	cr_expect(same(&a, &c));
}

Test(isa, groups)
{
	struct isa a = parsed("rv64gc"), b = parsed("rv64imafdc_zicsr_zifencei");

	cr_expect(same(&a, &b));
	a = parsed("rv64ib_zk");
	b = parsed("rv64i_zba_zbb_zbs_zbkb_zbkc_zbkx_zknd_zkne_zknh_zkr");
	cr_expect(same(&a, &b));
}

/* What linkers write into .riscv.attributes, and the same without versions. */
Test(isa, versions)
{
	static const char *const pairs[][2] = {
		{ "rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_zicsr2p0_zifencei2p0", "rv64imafdc_zicsr_zifencei" },
		{ "rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_zicsr2p0_zifencei2p0_zmmul1p0_zaamo1p0_zalrsc1p0_zca1p0_zcd1p0",
		  "rv64imafdc_zifencei" },
		{ "rv64i2p1m2p0a2p1", "rv64ima" },
		{ "RV64I2P1_M2_ZBA1P0", "rv64im_zba" },
		{ "rv64i2_zic64b1p0_sv391p0_za64rs1p0_sv481", "rv64i_zic64b_sv39_za64rs_sv48" },
		{ "rv64i2p0_m2p0", "rv64im_zifencei_zicntr" },
		{ "rv64imac2p0zba1p0", "rv64imac_zba" },
		{ "rv64i2p1_zfa0p2", "rv64i_zfa" },
		{ "rv64i2p1_h1p0_ss1p13_sm1p12", "rv64ih" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct isa a = parsed(pairs[i][0]), b = parsed(pairs[i][1]);

		cr_expect(same(&a, &b), "%s", pairs[i][0]);
	}
}

Test(isa, names_in_any_order_and_twice)
{
	struct isa a = parsed("rv64gc_zba_zbb_sstc"), b = parsed("rv64isstc_zbb_cdfam_zba_zifencei_zbb_m");

	cr_expect(same(&a, &b));
	a = parsed("rv64imafdcsuh_zba");
	b = parsed("rv64imafdch_zba");
	cr_expect(same(&a, &b), "modes as letters, as device trees once had them");
}

/* norm:misa_m_op and its like: a letter stands for its parts, and is there exactly when all of them are. */
Test(isa, letters_and_their_parts)
{
	struct isa isa = parsed("rv64i_zmmul");

	cr_expect(!isa_has(&isa, EXT_M) && isa_has(&isa, EXT_Zmmul));
	cr_expect_eq(isa_misa(&isa) & 1 << 12, 0);
	isa = parsed("rv64i_zaamo");
	cr_expect(!isa_has(&isa, EXT_A) && isa_has(&isa, EXT_Zaamo) && !isa_has(&isa, EXT_Zalrsc));
	isa = parsed("rv64i_zaamo_zalrsc");
	cr_expect(isa_has(&isa, EXT_A) && isa_misa(&isa) & 1);
	isa = parsed("-zalrsc");
	cr_expect(!isa_has(&isa, EXT_A) && isa_has(&isa, EXT_Zaamo) && !isa_has(&isa, EXT_Zawrs) && isa_has(&isa, EXT_Zacas));
	isa = parsed("-a");
	cr_expect(!isa_has(&isa, EXT_Zaamo) && !isa_has(&isa, EXT_Zalrsc) && !isa_has(&isa, EXT_Zabha));
	isa = parsed("-m");
	cr_expect(!isa_has(&isa, EXT_Zmmul) && !isa_has(&isa, EXT_M));
	isa = parsed("-zmmul");
	cr_expect(!isa_has(&isa, EXT_M));
}

Test(isa, profiles)
{
	struct isa a = parsed("rva20u64"), b = parsed("rv64imafdc_zicntr_ziccif_ziccrse_ziccamoa_za64rs_zicclsm");

	cr_expect(same(&a, &b));
	a = parsed("RVA22S64_sha_zfh");
	b = parsed("rv64imafdch_zic64b_zicbom_zicbop_zicboz_ziccamoa_ziccif_zicclsm_ziccrse_zicntr_zicsr_zifencei_zihintpause_zihpm_"
	           "za64rs_zfh_zba_zbb_zbs_zkt_shcounterenw_shgatpa_shtvala_shvsatpa_shvstvala_shvstvecd_ssccptr_sscounterenw_"
	           "ssstateen_sstvala_sstvecd_sv39_svade_svbare_svinval_svpbmt");
	cr_expect(same(&a, &b));
	cr_expect(!isa_has(&a, EXT_Sstc) && !isa_has(&a, EXT_Svnapot), "options of the profile");
	a = parsed("rvi20u64");
	b = parsed("rv64i");
	cr_expect(same(&a, &b));
	a = parsed("rvb23s64,-svnapot,+zbc");
	cr_expect(isa_has(&a, EXT_Sscofpmf) && isa_has(&a, EXT_Zcmop) && !isa_has(&a, EXT_Svnapot) && isa_has(&a, EXT_Zbc));
	a = parsed("-sha");
	b = parsed("sha,-sha");
	cr_expect(same(&a, &b));
	refused("rva23u64", "rva23u64 needs v, zvfhmin, zvbb, zvkt, which there is not (the rest of it: rvb23u64_zfhmin_supm)");
	refused("rva23s64_zbc", "rva23s64 needs v, zvfhmin, zvbb, zvkt, which there is not (the rest of it: "
	                        "rvb23s64_zfhmin_supm_ssnpm_sha)");
	a = parsed("rvb23s64_zfhmin_supm_ssnpm_sha");
	cr_expect(isa_has(&a, EXT_H) && isa_has(&a, EXT_Ssnpm) && isa_has(&a, EXT_Shgatpa) && isa_has(&a, EXT_Zfhmin));
}

Test(isa, a_change_keeps_the_rest)
{
	char error[128];
	struct isa isa = parsed("rv64imac"), more = parsed("rv64imac_zfh");

	cr_expect_eq(isa_change(&isa, "Zfh", true, error, sizeof(error)), 0);
	cr_expect(same(&isa, &more));
	cr_expect_eq(isa_change(&isa, "f", false, error, sizeof(error)), 0);
	isa = parsed("rv64imac");
	cr_expect_eq(isa_change(&isa, "v", true, error, sizeof(error)), -1);
	cr_expect_str_eq(error, "unknown extension 'v'");
	cr_expect_eq(isa_change(&isa, "h,-m", true, error, sizeof(error)), -1);
}

Test(isa, needs_come_along)
{
	struct isa isa = parsed("rv64id");

	cr_expect(isa_has(&isa, EXT_F) && isa_has(&isa, EXT_Zicsr));
	isa = parsed("rv64i_sv57_zfh");
	cr_expect(isa_has(&isa, EXT_Sv48) && isa_has(&isa, EXT_Zfhmin) && isa_has(&isa, EXT_F));
	isa = parsed("rv64i_zcd");
	cr_expect(isa_has(&isa, EXT_D) && isa_has(&isa, EXT_Zca) && !isa_has(&isa, EXT_C));
}

Test(isa, dependents_go_along)
{
	struct isa isa = parsed("-s");

	cr_expect(!isa_has(&isa, EXT_H) && !isa_has(&isa, EXT_Sstc) && !isa_has(&isa, EXT_Sv39) && isa_has(&isa, EXT_U));
	isa = parsed("-f");
	cr_expect(!isa_has(&isa, EXT_D) && !isa_has(&isa, EXT_Zcd) && isa_has(&isa, EXT_C));
	isa = parsed("-c");
	cr_expect(!isa_has(&isa, EXT_Zca) && !isa_has(&isa, EXT_Zcd) && !isa_has(&isa, EXT_Zcb) && isa_has(&isa, EXT_D));
	isa = parsed("-zcd");
	cr_expect(!isa_has(&isa, EXT_C) && !isa_has(&isa, EXT_Zcd) && isa_has(&isa, EXT_Zca) && isa_has(&isa, EXT_D));
}

Test(isa, changes_apply_in_order)
{
	struct isa standard = isa_default(), isa = parsed("-h,+h");

	cr_expect(isa_has(&isa, EXT_H));
	isa = parsed("-sstc,-H,+zkr");
	cr_expect(!isa_has(&isa, EXT_Sstc) && !isa_has(&isa, EXT_H) && isa_has(&isa, EXT_Zkr));
	isa = parsed("-sstc,+sstc,");
	cr_expect(same(&isa, &standard));
}

Test(isa, combinations_follow_their_parts)
{
	struct isa isa = parsed("rv64i_zacas");

	cr_expect(!isa_has(&isa, EXT_ZabhaZacas));
	isa = parsed("rv64i_zacas_zabha");
	cr_expect(isa_has(&isa, EXT_ZabhaZacas));
	isa = parsed("rv64i_zbkc");
	cr_expect(isa_has(&isa, EXT_ZbcZbkc) && !isa_has(&isa, EXT_Zbc) && !isa_has(&isa, EXT_ZbbZbkb));
	isa = parsed("rv64i_svinval");
	cr_expect(!isa_has(&isa, EXT_HSvinval));
}

#define NO_BASE "an ISA string starts with rv64i or rv64g or is a profile such as rva22s64, a change starts with + or -"

Test(isa, nonsense_is_refused)
{
	char longest[2000];

	refused("rv32i", NO_BASE);
	refused("", NO_BASE);
	refused("rv64e", NO_BASE);
	refused("rv64iq", "unknown extension 'q'");
	refused("rv64i_zfoo", "unknown extension 'zfoo'");
	refused("rv64i__m", "unknown extension ''");
	refused("rv64izfoo_m", "unknown extension 'zfoo'");
	refused("rv64i_", "unknown extension ''");
	refused("rv64gc_smaia_ssaia", "unknown extension 'smaia'");
	refused("rv64gc_ssaia1p0", "unknown extension 'ssaia'");
	refused("rv64imafdcv1p0", "unknown extension 'v'");
	refused("rv64gc_zve64d1p0", "unknown extension 'zve64d'");
	refused("rv64gc_zvl128b1p0", "unknown extension 'zvl128b'");
	refused("rv64gc_xtheadba", "unknown extension 'xtheadba'");
	refused("rv64imaxtheadba1p0_m", "unknown extension 'xtheadba'");
	refused("rv64imasmaia", "unknown extension 'smaia'");
	refused("rv64gc_sv32", "unknown extension 'sv32'");
	refused("rv64imafdcp", "unknown extension 'p'");
	refused("rv64i2p_m", "unknown extension 'p'");
	refused("rv64i9p0", "extension 'i' has no version 9p0");
	refused("rv64im3", "extension 'm' has no version 3");
	refused("rv64i_zba2p0", "extension 'zba' has no version 2p0");
	refused("rv64i_zba99999999999999999999p0", "extension 'zba' has no version 99999999999999999999");
	refused("rva22u32", NO_BASE);
	refused("rvm23u64", NO_BASE);
	refused("rva22s64zfh", NO_BASE);
	refused("rva22s64_", "unknown extension ''");
	refused("rva22s64_nosuch", "unknown extension 'nosuch'");
	refused("rv64gc,zba", "expected + or - before 'zba'");
	refused("rv64gc,-i", "extension 'i' cannot be left out");
	refused("sha_zba", NO_BASE);
	refused("-h,sstc", "expected + or - before 'sstc'");
	refused("-nosuch", "unknown extension 'nosuch'");
	refused("-", "unknown extension ''");
	refused("-i", "extension 'i' cannot be left out");
	memset(longest, 'm', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	refused(longest, "ISA string of 1999 characters is too long");
}
