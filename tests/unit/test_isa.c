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
	cr_expect_str_eq(text, "rv64imafd_zicsr_zba_sstc_sv39_svade");
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

Test(isa, nonsense_is_refused)
{
	char longest[2000];

	refused("rv32i", "an ISA string starts with rv64i or rv64g, a change with + or -");
	refused("", "an ISA string starts with rv64i or rv64g, a change with + or -");
	refused("rv64e", "an ISA string starts with rv64i or rv64g, a change with + or -");
	refused("rv64iq", "unknown extension 'q'");
	refused("rv64i_zfoo", "unknown extension 'zfoo'");
	refused("rv64i__m", "unknown extension ''");
	refused("rv64izfoo_m", "unknown extension 'zfoo'");
	refused("rv64i_", "unknown extension ''");
	refused("-h,sstc", "expected + or - before 'sstc'");
	refused("-nosuch", "unknown extension 'nosuch'");
	refused("-", "unknown extension ''");
	refused("-i", "extension 'i' cannot be left out");
	memset(longest, 'm', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	refused(longest, "ISA string of 1999 characters is too long");
}
