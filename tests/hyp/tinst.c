/*
 * What mtinst and htinst hold after each kind of trap. Where the specification leaves zero or the transformed
 * instruction, the rules accept both; cases named transformed_* hold for the default choice only.
 */
#include "rt.h"

struct form {
	u32 word;      /* as executed; base register a1 unless compressed says otherwise */
	u32 expanded;  /* its 32-bit form, for compressed ones; 0: the word itself */
	unsigned base; /* register */
	int offset;    /* the instruction's immediate */
	bool store;    /* reported as store/AMO */
};

#define I(opcode, funct3, rd, rs1, imm)                                                                              \
	{                                                                                                            \
		i_type(opcode, funct3, rd, rs1, (imm)&0xfff), 0, rs1, imm, false                                     \
	}
#define S(opcode, funct3, rs2, rs1, imm)                                                                             \
	{                                                                                                            \
		s_type(opcode, funct3, rs2, rs1, (imm)&0xfff), 0, rs1, imm, true                                     \
	}
#define A(funct5, aqrl, funct3, rd, rs1, rs2, store)                                                                 \
	{                                                                                                            \
		r_type(0x2f, funct3, (funct5) << 2 | (aqrl), rd, rs1, rs2), 0, rs1, 0, store                         \
	}
#define C(word, expanded, base, offset, store)                                                                       \
	{                                                                                                            \
		word, expanded, base, offset, store                                                                  \
	}
/* compressed registers: x8 + n */
#define CL(funct, rs1, rd, bits) ((funct) | ((rs1)-8) << 7 | ((rd)-8) << 2 | (bits))

static const struct form loads_and_stores[] = {
	I(0x03, 0, 10, 11, 0),    I(0x03, 1, 5, 31, 16),   I(0x03, 2, 31, 6, -8),  I(0x03, 3, 0, 11, 2032),
	I(0x03, 4, 15, 3, 8),     I(0x03, 5, 17, 11, -16), I(0x03, 6, 30, 29, 24), I(0x07, 1, 31, 11, 8),
	I(0x07, 2, 1, 9, -8),     I(0x07, 3, 0, 8, 8),     S(0x23, 0, 10, 11, 0),  S(0x23, 1, 0, 31, 16),
	S(0x23, 2, 31, 6, -8),    S(0x23, 3, 5, 11, 2032), S(0x27, 1, 31, 11, 8),  S(0x27, 2, 1, 9, -8),
	S(0x27, 3, 17, 8, -2048),
};
static const struct form atomics[] = {
	A(2, 0, 2, 10, 11, 0, false),  A(2, 3, 3, 31, 29, 0, false),  A(3, 1, 2, 10, 11, 12, true),
	A(3, 2, 3, 5, 30, 31, true),   A(0, 0, 2, 10, 11, 12, true),  A(0, 3, 3, 0, 11, 12, true),
	A(1, 1, 3, 10, 11, 0, true),   A(4, 2, 2, 1, 31, 3, true),    A(8, 0, 3, 10, 11, 12, true),
	A(12, 0, 2, 10, 11, 12, true), A(16, 3, 3, 10, 11, 12, true), A(20, 0, 2, 10, 11, 12, true),
	A(24, 0, 3, 10, 11, 12, true), A(28, 1, 2, 10, 11, 12, true),
};
static const struct form small_atomics[] = {
	A(0, 0, 0, 10, 11, 12, true),  A(1, 3, 1, 10, 11, 12, true), A(12, 0, 0, 31, 11, 12, true),
	A(28, 0, 1, 10, 30, 31, true), A(5, 0, 2, 10, 11, 12, true), A(5, 3, 3, 10, 11, 12, true),
	A(5, 0, 0, 10, 11, 12, true),  A(5, 0, 1, 10, 11, 12, true),
};
static const struct form compressed[] = {
	C(CL(0x4000, 9, 15, 0), i_type(0x03, 2, 15, 9, 0), 9, 0, false),
	C(CL(0x4000, 11, 8, 0x40), i_type(0x03, 2, 8, 11, 4), 11, 4, false),
	C(CL(0x6000, 12, 10, 0), i_type(0x03, 3, 10, 12, 0), 12, 0, false),
	C(CL(0x6000, 13, 9, 0x1c00), i_type(0x03, 3, 9, 13, 56), 13, 56, false),
	C(CL(0x2000, 14, 11, 0x400), i_type(0x07, 3, 11, 14, 8), 14, 8, false),
	C(CL(0xc000, 15, 10, 0x40), s_type(0x23, 2, 10, 15, 4), 15, 4, true),
	C(CL(0xe000, 8, 11, 0x400), s_type(0x23, 3, 11, 8, 8), 8, 8, true),
	C(CL(0xa000, 9, 12, 0), s_type(0x27, 3, 12, 9, 0), 9, 0, true),
	C(0x4002 | 10 << 7, i_type(0x03, 2, 10, 2, 0), 2, 0, false),
	C(0x4002 | 31 << 7 | 0x10, i_type(0x03, 2, 31, 2, 4), 2, 4, false),
	C(0x6002 | 17 << 7 | 0x20, i_type(0x03, 3, 17, 2, 8), 2, 8, false),
	C(0x2002 | 30 << 7, i_type(0x07, 3, 30, 2, 0), 2, 0, false),
	C(0xc002 | 10 << 2, s_type(0x23, 2, 10, 2, 0), 2, 0, true),
	C(0xe002 | 31 << 2 | 0x400, s_type(0x23, 3, 31, 2, 8), 2, 8, true),
	C(0xa002 | 30 << 2, s_type(0x27, 3, 30, 2, 0), 2, 0, true),
};
static const struct form zcb[] = {
	C(CL(0x8000, 9, 15, 0), i_type(0x03, 4, 15, 9, 0), 9, 0, false),
	C(CL(0x8000, 9, 15, 0x40), i_type(0x03, 4, 15, 9, 1), 9, 1, false),
	C(CL(0x8400, 10, 11, 0x20), i_type(0x03, 5, 11, 10, 2), 10, 2, false),
	C(CL(0x8440, 10, 11, 0), i_type(0x03, 1, 11, 10, 0), 10, 0, false),
	C(CL(0x8800, 10, 11, 0), s_type(0x23, 0, 11, 10, 0), 10, 0, true),
	C(CL(0x8c00, 14, 13, 0x20), s_type(0x23, 1, 13, 14, 2), 14, 2, true),
};
#define HX(word, store)                                                                                              \
	{                                                                                                            \
		word, 0, 11, 0, store                                                                                \
	}
static const struct form hypervisor[] = {
	HX(HLV_B, false),
	HX(HLV_BU, false),
	HX(HLV_H, false),
	HX(HLV_HU, false),
	HX(HLVX_HU, false),
	HX(HLV_W, false),
	HX(HLV_WU, false),
	HX(HLVX_WU, false),
	HX(HLV_D, false),
	HX(HSV_B, true),
	HX(HSV_H, true),
	HX(HSV_W, true),
	HX(HSV_D, true),
	{ r_type(0x73, 4, 0x36, 31, 29, 0), 0, 29, 0, false },
	{ r_type(0x73, 4, 0x37, 0, 30, 31), 0, 30, 0, true },
};
#define COUNT(array) (sizeof(array) / sizeof(array[0]))

/* The text's transformation: no immediates, the address offset (0: aligned) for rs1, bit 1 clear if compressed. */
static u32 transformed(const struct form *form)
{
	u32 word = form->expanded ? form->expanded : form->word;
	u32 opcode = word & 0x7f;
	if (opcode == 0x03 || opcode == 0x07)
		word &= 0x00007fff;
	else if (opcode == 0x23 || opcode == 0x27)
		word &= 0x01f0707f;
	else
		word &= ~(31u << 15);
	return form->expanded ? word & ~2u : word;
}

enum cause_kind { GUEST_PAGE, PAGE, ACCESS };
static const u64 load_causes[] = { EXC_LOAD_GUEST, EXC_LOAD_PAGE, EXC_LOAD_ACCESS };
static const u64 store_causes[] = { EXC_STORE_GUEST, EXC_STORE_PAGE, EXC_STORE_ACCESS };

static void prepare(struct guest *guest, enum cause_kind kind, bool to_m)
{
	reset();
	delegate(to_m ? 0 : DELEGATE_DEFAULT, 0);
	csrs(CSR_HSTATUS, HSTATUS_SPVP | HSTATUS_HU);
	guest_new(guest, 3, 3);
	guest_map(guest, 0, kind == PAGE ? 0 : PTE_S, kind == GUEST_PAGE ? 0 : PTE_ALL);
	if (kind == ACCESS)
		space_map(&guest->g, TEST_GPA, 0x10000, 0, PTE_ALL);
	fence_all();
}

static void one_form(const struct form *form, const char *name, enum mode mode, enum cause_kind kind, bool to_m)
{
	u64 x[32] = { 0 };
	u64 address = TEST_VA + 0x40;
	x[form->base] = address - (u64)(int64_t)form->offset;
	struct trap *t = try_words(mode, &form->word, 1, x);
	u64 cause = form->store ? store_causes[kind] : load_causes[kind];
	context("word, kind", form->word, kind);
	CHECK("tinst_fault", took(t, to_m || mode == MODE_M ? LEVEL_M : LEVEL_S, cause) && t->tval == address);
	CHECK(name, t->tinst == transformed(form));
	CHECK("H_trap_xtinst H_trap_xtinst_exception H_trap_xtinst_val",
	      t->tinst == transformed(form) || t->tinst == 0);
	CHECK("htval_trapval mtval2_trapval", t->tval2 == (kind == GUEST_PAGE ? (TEST_GPA + 0x40) >> 2 : 0));
}

static void forms(const struct form *list, unsigned count, const char *name, bool hyp)
{
	static const enum mode guests[] = { MODE_VS, MODE_VS }, hosts[] = { MODE_S, MODE_M };
	for (unsigned kind = 0; kind < 3; kind++) {
		for (unsigned to_m = 0; to_m < 2; to_m++) {
			struct guest guest;
			prepare(&guest, kind, to_m);
			for (unsigned i = 0; i < count; i++) {
				one_form(&list[i], name, (hyp ? hosts : guests)[to_m], kind, to_m);
				if (hyp && !to_m)
					one_form(&list[i], name, MODE_U, kind, to_m);
			}
		}
	}
}

/* Misaligned atomics: the transformed instruction with offset 0, for the address is the original one. */
static void misaligned(void)
{
	for (unsigned i = 0; i < COUNT(atomics); i++) {
		for (unsigned to_m = 0; to_m < 2; to_m++) {
			struct guest guest;
			prepare(&guest, GUEST_PAGE, to_m);
			guest_map(&guest, 0, PTE_S, PTE_ALL);
			u64 x[32] = { 0 };
			x[atomics[i].base] = TEST_VA + 0x41;
			struct trap *t = try_words(MODE_VS, &atomics[i].word, 1, x);
			context("misaligned", atomics[i].word, to_m);
			/* misaligned or access fault, as the memory's attributes choose; always with this address */
			bool one =
			    took(t, to_m ? LEVEL_M : LEVEL_S,
				 atomics[i].store ? EXC_STORE_MISALIGNED : EXC_LOAD_MISALIGNED) ||
			    took(t, to_m ? LEVEL_M : LEVEL_S, atomics[i].store ? EXC_STORE_ACCESS : EXC_LOAD_ACCESS);
			CHECK("tinst_fault", one && t->tval == TEST_VA + 0x41);
			CHECK("transformed_atomic", t->tinst == transformed(&atomics[i]));
			CHECK("H_tinst_addr_offset", t->tinst == 0 || !(t->tinst >> 15 & 31));
		}
	}
}

/* Traps that have no transformation: zero. */
static void zero(void)
{
	static const struct {
		u32 word;
		u64 a1;
		enum mode mode;
		u64 cause;
	} traps[] = {
		{ 0, 0, MODE_VS, EXC_ILLEGAL },
		{ EBREAK, 0, MODE_VS, EXC_BREAK },
		{ HLV_D, 0, MODE_VS, EXC_VIRTUAL },
		{ CSRR(A0, CSR_MSTATUS), 0, MODE_VU, EXC_ILLEGAL },
		{ JALR(0, A1), TEST_VA, MODE_VS, EXC_FETCH_GUEST },
		{ JALR(0, A1), TEST_VA + 4096, MODE_VS, EXC_FETCH_PAGE },
		{ JALR(0, A1), TEST_VA + 8192, MODE_VS, EXC_FETCH_ACCESS },
		{ ECALL, 0, MODE_VU, EXC_ECALL_U },
	};
	for (unsigned to_m = 0; to_m < 2; to_m++) {
		struct guest guest;
		prepare(&guest, GUEST_PAGE, to_m);
		guest_map(&guest, 1, 0, PTE_ALL);
		space_map(&guest.g, TEST_GPA + 8192, 0x10000, 0, PTE_ALL);
		fence_all();
		if (!to_m)
			csrs(CSR_MEDELEG, BIT(EXC_ECALL_U));
		for (unsigned i = 0; i < COUNT(traps); i++) {
			csrw(CSR_HTINST, 0x3000), csrw(CSR_MTINST, 0x3000), csrw(CSR_HTVAL, 1), csrw(CSR_MTVAL2, 1);
			struct trap *t = try(traps[i].mode, traps[i].word, traps[i].a1, 0);
			context("word", traps[i].word, traps[i].a1);
			CHECK("H_trap_xtinst_val H_trap_xtinst H_trap_xtinst_exception",
			      took(t, to_m ? LEVEL_M : LEVEL_S, traps[i].cause) && t->tinst == 0);
			CHECK("htval_trapval mtval2_trapval",
			      t->tval2 == (traps[i].cause == EXC_FETCH_GUEST ? TEST_GPA >> 2 : 0));
		}
	}
}

/* Cache-block operations: opcode, funct3 and the operation stay. norm:h_trans_cache */
static void cache_blocks(void)
{
	static const u32 cbos[] = { CBO_ZERO, CBO_CLEAN, CBO_FLUSH, CBO_INVAL };
	for (unsigned to_m = 0; to_m < 2; to_m++) {
		struct guest guest;
		prepare(&guest, GUEST_PAGE, to_m);
		csrw(CSR_MENVCFG, 0xf0), csrw(CSR_HENVCFG, 0xf0), csrw(CSR_SENVCFG, 0xf0);
		for (unsigned i = 0; i < 4; i++) {
			struct trap *t = try(MODE_VS, cbos[i], TEST_VA + 0x44, 0);
			context("cbo", cbos[i], to_m);
			if (t->cause == EXC_ILLEGAL)
				continue; /* no Zicbom, Zicboz */
			CHECK("tinst_fault",
			      took(t, to_m ? LEVEL_M : LEVEL_S, EXC_STORE_GUEST) && t->tval == TEST_VA + 0x44);
			CHECK("transformed_cache_block", t->tinst == (cbos[i] & ~(31u << 15)));
			CHECK("H_trap_xtinst h_trans_cache", t->tinst == (cbos[i] & ~(31u << 15)) || t->tinst == 0);
		}
	}
}

/* Implicit accesses: pseudoinstructions, which are not optional where the guest-physical address is reported. */
static void pseudo(void)
{
	static const u32 words[] = { LD, SD, AMOADD_W, LR_D, SC_D, 0x6008 | 3 << 7, FLD, FSD };
	for (unsigned to_m = 0; to_m < 2; to_m++) {
		for (unsigned write = 0; write < 2; write++) {
			reset();
			delegate(to_m ? 0 : DELEGATE_DEFAULT, 0);
			csrw(CSR_MENVCFG, write ? ENVCFG_ADUE : 0);
			csrw(CSR_HENVCFG, write ? ENVCFG_ADUE : 0);
			if (write && !(csrr(CSR_HENVCFG) & ENVCFG_ADUE))
				continue;
			struct guest guest;
			guest_new(&guest, 3, 3);
			guest_map(&guest, 0, PTE_S & ~PTE_AD, PTE_ALL);
			u64 pte = (u64)space_pte(&guest.vs, TEST_VA, 0), page = pte & ~UINT64_C(0xfff);
			*space_pte(&guest.g, page + TABLE_WINDOW, 0) =
			    page >> 12 << 10 | (write ? PTE_ALL & ~PTE_W & ~PTE_D : 0);
			fence_all();
			for (unsigned i = 0; i < COUNT(words); i++) {
				u64 x[32] = { 0 };
				x[A1] = TEST_VA + 0x40, x[A0] = TEST_VA + 0x40;
				struct trap *t = try_words(MODE_VS, &words[i], 1, x);
				context("word, write", words[i], write);
				if (t->level == LEVEL_NONE)
					continue; /* an SC that failed before its access */
				CHECK("H_trap_xtinst_guestpage",
				      t->cause >= EXC_FETCH_GUEST &&
					  (t->tval2 == 0 || t->tinst == (write ? 0x3020 : 0x3000)));
				CHECK("H_trap_xtinst_guestpage_rw", t->tinst == (write ? 0x3020 : 0x3000));
				CHECK("H_trap_xtinst_guestpage htval_trapval mtval2_trapval_vstrans",
				      t->tval2 == (pte + TABLE_WINDOW) >> 2);
			}
			struct trap *t = run(MODE_VS, TEST_VA + 0x40, NULL);
			CHECK("H_trap_xtinst_guestpage H_trap_xtinst_guestpage_rw",
			      took(t, to_m ? LEVEL_M : LEVEL_S, EXC_FETCH_GUEST) &&
				  t->tinst == (write ? 0x3020 : 0x3000));
			csrs(CSR_HSTATUS, HSTATUS_SPVP);
			t = try(MODE_S, HSV_W, TEST_VA + 0x40, 0);
			CHECK("H_trap_xtinst_guestpage H_trap_xtinst_guestpage_rw",
			      took(t, to_m ? LEVEL_M : LEVEL_S, EXC_STORE_GUEST) &&
				  t->tinst == (write ? 0x3020 : 0x3000));
			t = try(MODE_M, HLVX_HU, TEST_VA + 0x40, 0);
			CHECK("H_trap_xtinst_guestpage H_trap_xtinst_guestpage_rw",
			      took(t, LEVEL_M, EXC_LOAD_GUEST) && t->tinst == (write ? 0x3020 : 0x3000));
		}
	}
}

int main(void)
{
	forms(loads_and_stores, COUNT(loads_and_stores), "transformed_load_store", false);
	forms(atomics, COUNT(atomics), "transformed_atomic", false);
	forms(compressed, COUNT(compressed), "transformed_compressed", false);
	forms(hypervisor, COUNT(hypervisor), "transformed_hypervisor", true);
	/* extensions that may be absent */
	reset();
	u64 x[32] = { 0 };
	x[11] = (u64)pseudo & ~UINT64_C(7);
	u32 amocas = r_type(0x2f, 3, 5 << 2, 0, 11, 0), c_lbu = CL(0x8000, 11, 10, 0);
	if (finished(try_words(MODE_M, &amocas, 1, x)))
		forms(small_atomics, COUNT(small_atomics), "transformed_atomic", false);
	if (finished(try_words(MODE_M, &c_lbu, 1, x)))
		forms(zcb, COUNT(zcb), "transformed_compressed", false);
	misaligned();
	zero();
	cache_blocks();
	pseudo();
	return 0;
}
