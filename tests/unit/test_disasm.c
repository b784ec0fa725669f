/* Text of instructions: one of each way to print. All rows against objdump are tools/check_insn's. */
#include <criterion/criterion.h>
#include <string.h>
#include "isa/insn.h"

static const struct {
	uint32_t word;
	const char *text;
} samples[] = {
	{ 0xfffff537, "lui\ta0,0xfffff" },
	{ 0x00001f97, "auipc\tt6,0x1" },
	{ 0xffdff0ef, "jal\tra,0x7ffffffc" },
	{ 0xfff302e7, "jalr\tt0,-1(t1)" },
	{ 0x7ffdffe3, "bgeu\ts11,t6,0x80000ffe" },
	{ 0x80013503, "ld\ta0,-2048(sp)" },
	{ 0x7ff1bfa3, "sd\tt6,2047(gp)" },
	{ 0xfff58513, "addi\ta0,a1,-1" },
	{ 0x03f59513, "slli\ta0,a1,0x3f" },
	{ 0x0f50000f, "fence\tiorw,ow" },
	{ 0x0000000f, "fence\tunknown,unknown" },
	{ 0x8330000f, "fence.tso" },
	{ 0x34059573, "csrrw\ta0,mscratch,a1" },
	{ 0x344fe573, "csrrsi\ta0,mip,31" },
	{ 0xfff59573, "csrrw\ta0,0xfff,a1" },
	{ 0x1405b52f, "lr.d.aq\ta0,(a1)" },
	{ 0x1ac5a52f, "sc.w.rl\ta0,a2,(a1)" },
	{ 0xe6c5b52f, "amomaxu.d.aqrl\ta0,a2,(a1)" },
	{ 0x60c5b52f, "amoand.d\ta0,a2,(a1)" },
	{ 0x2cc5c52f, "amocas.q.aq\ta0,a2,(a1)" },
	{ 0x12b50073, "sfence.vma\ta0,a1" },
	{ 0x6815c573, "hlv.wu\ta0,(a1)" },
	{ 0x6ec5c073, "hsv.d\ta2,(a1)" },
	{ 0x00c5b427, "fsd\tfa2,8(a1)" },
	{ 0x6ac59543, "fmadd.d\tfa0,fa1,fa2,fa3,rtz" },
	{ 0x00c5f553, "fadd.s\tfa0,fa1,fa2" },
	{ 0x5a05c553, "fsqrt.d\tfa0,fa1,rmm" },
	{ 0x42058553, "fcvt.d.s\tfa0,fa1" },
	{ 0x4205f553, "fcvt.d.s\tfa0,fa1,dyn" },
	{ 0xc235b553, "fcvt.lu.d\ta0,fa1,rup" },
	{ 0xf2058553, "fmv.d.x\tfa0,a1" },
	{ 0xc2859553, "fcvtmod.w.d\ta0,fa1,rtz" },
	{ 0xf0180553, "fli.s\tfa0,0x1p+0" },
	{ 0xf0108553, "fli.s\tfa0,min" },
	{ 0xf01f8553, "fli.s\tfa0,nan" },
	{ 0x0045a00f, "cbo.zero\t(a1)" },
	{ 0xfe15e013, "prefetch.r\t-32(a1)" },
	{ 0x31a59513, "aes64ks1i\ta0,a1,0xa" },
	{ 0xcdf5c573, "mop.r.31\ta0,a1" },
	{ 0xcec5c573, "mop.rr.7\ta0,a1,a2" },
	{ 0x6781, "c.mop.15" },
	{ 0x1fe0, "c.addi4spn\ts0,sp,1020" },
	{ 0x7f81, "c.lui\tt6,0xfffe0" },
	{ 0x8785, "c.srai\ta5,0x1" },
	{ 0x8501, "c.srai64\ta0" },
	{ 0xb001, "c.j\t0x7ffff800" },
	{ 0xd001, "c.beqz\ts0,0x7fffff00" },
	{ 0x307e, "c.fldsp\tft0,504(sp)" },
	{ 0x8f82, "c.jr\tt6" },
	{ 0x9002, "c.ebreak" },
	{ 0x9fe1, "c.zext.b\ta5" },
	{ 0x0000, "c.unimp" },
	{ 0x8002, ".2byte\t0x8002" },
	{ 0xffffffff, ".4byte\t0xffffffff" },
};

Test(disasm, text)
{
	struct isa isa = { { UINT64_MAX, UINT64_MAX } };
	char text[64];

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct insn insn = decode(&isa, samples[i].word);

		cr_expect_str_eq(disasm(&insn, 0x80000000, text, sizeof(text)), samples[i].text, "%#x: %s", samples[i].word,
		                 text);
	}
}

Test(disasm, stays_within_its_room)
{
	struct isa isa = isa_default();
	struct insn insn = decode(&isa, 0x6ac59543);
	char text[16];

	memset(text, '#', sizeof(text));
	disasm(&insn, 0, text, 8);
	cr_expect_str_eq(text, "fmadd.d");
	cr_expect_eq(text[8], '#');
	disasm(&insn, 0, text, 1);
	cr_expect_str_eq(text, "");
}

Test(disasm, register_names)
{
	cr_expect_str_eq(reg_name(0), "zero");
	cr_expect_str_eq(reg_name(8), "s0");
	cr_expect_str_eq(reg_name(31), "t6");
	cr_expect_str_eq(freg_name(0), "ft0");
	cr_expect_str_eq(freg_name(31), "ft11");
}
