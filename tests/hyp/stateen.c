/* Smstateen and Ssstateen: who may touch what, level by level. Run with --isa +smstateen,+ssstateen. */
#include "rt.h"

enum { N = 4 };
#define ALL (~UINT64_C(0))
#define SE0 BIT(63)
#define ENVCFG BIT(62)
#define CSRIND BIT(60)
#define AIA BIT(59)
#define IMSIC BIT(58)
#define CONTEXT BIT(57)
#define P1P13 BIT(56)
#define SRMCFG BIT(55)

static u64 m_get(unsigned csr)
{
	u64 v = 0;
	csr_read(csr, &v);
	return v;
}
static bool ok(enum mode mode, u32 word)
{
	return finished(try(mode, word, 0, 0));
}
static bool bad(enum mode mode, u32 word, u64 cause)
{
	return took(try(mode, word, 0, 0), LEVEL_S, cause);
}

static void set(u64 m, u64 h, u64 s)
{
	csr_write(CSR_MSTATEEN0, ALL);
	csr_write(CSR_HSTATEEN0, h);
	csr_write(CSR_SSTATEEN0, s);
	csr_write(CSR_MSTATEEN0, m);
}

/* At reset, before reset() of the runtime writes them. */
static void after_reset(void)
{
	for (unsigned i = 0; i < N; i++)
		CHECK("mstateen_zero_initialization mstateen_rv64_csrs",
		      csr_exists(CSR_MSTATEEN0 + i) && m_get(CSR_MSTATEEN0 + i) == 0);
	for (unsigned i = 0; i < N; i++) {
		csr_write(CSR_MSTATEEN0 + i, ALL);
		/* machine software does what the rule asks of it */
		csr_write(CSR_HSTATEEN0 + i, 0), csr_write(CSR_SSTATEEN0 + i, 0);
		CHECK("hstateen_sstateen_zero_initialization",
		      m_get(CSR_HSTATEEN0 + i) == 0 && m_get(CSR_SSTATEEN0 + i) == 0);
	}
}

static void registers(void)
{
	reset();
	for (unsigned i = 0; i < N; i++) {
		context("register", i, 0);
		CHECK("mstateen_rv64_csrs", csr_exists(CSR_MSTATEEN0 + i));
		CHECK("sstateen_rv64_csrs", csr_exists(CSR_SSTATEEN0 + i));
		CHECK("hstateen_rv64_csrs", csr_exists(CSR_HSTATEEN0 + i));
		CHECK("stateen_rv32_upper_bits_csrs",
		      !csr_exists(CSR_MSTATEEN0 + 0x10 + i) && !csr_exists(CSR_HSTATEEN0 + 0x10 + i));
		CHECK("mstateen_bit_63_roz hstateen_bit_63_writable",
		      m_get(CSR_MSTATEEN0 + i) >> 63 && m_get(CSR_HSTATEEN0 + i) >> 63);
		csr_write(CSR_HSTATEEN0 + i, 0);
		CHECK("hstateen_bit_63_writable hstateen_ro1_bits", m_get(CSR_HSTATEEN0 + i) == 0);
		csr_write(CSR_HSTATEEN0 + i, ALL);
		csr_write(CSR_SSTATEEN0 + i, 0);
		CHECK("sstateen_ro1_bits", m_get(CSR_SSTATEEN0 + i) == 0);
		csr_write(CSR_SSTATEEN0 + i, ALL);
		/* sstateen's upper half is zero; every bit of it, and of hstateen, is a bit of mstateen */
		u64 m = m_get(CSR_MSTATEEN0 + i), h = m_get(CSR_HSTATEEN0 + i), s = m_get(CSR_SSTATEEN0 + i);
		CHECK("mstateen_bit_correspondence sstateen_bit_allocation", !(s >> 32) && !(s & ~m));
		CHECK("hstateen_encoding", !(h & ~m));
		CHECK("mstateen_bit_allocation mstateen_bit_encroachment sstateen_encroachment_bits_roz",
		      !(m >> 3 & 0x1fffffff) && !(s >> 3));
		csr_write(CSR_MSTATEEN0 + i, 0);
		CHECK("mstateen_lower_priv_roz", m_get(CSR_HSTATEEN0 + i) == 0 && m_get(CSR_SSTATEEN0 + i) == 0);
		csr_write(CSR_HSTATEEN0 + i, ALL), csr_write(CSR_SSTATEEN0 + i, ALL);
		CHECK("mstateen_lower_priv_roz", m_get(CSR_HSTATEEN0 + i) == 0 && m_get(CSR_SSTATEEN0 + i) == 0);
		csr_write(CSR_MSTATEEN0 + i, ALL);
	}
	/* the bits there are: those of state this hart has. C (custom), FCSR (F is there), JVT (no Zcmt) are not */
	u64 m = m_get(CSR_MSTATEEN0), h = m_get(CSR_HSTATEEN0), s = m_get(CSR_SSTATEEN0);
	context("mstateen0, hstateen0", m, h);
	CHECK("stateen_unimplemented_state_roz stateen0_c_op stateen0_jvt_op", !(m & 7) && !(h & 7) && !(s & 7));
	CHECK("stateen0_fcsr_op stateen0_fcsr0_misa_f0_illegal_fpu_instr",
	      csrr(CSR_MISA) & BIT(5) && !(m & 2) && !(h & 2));
	CHECK("stateen_reserved_roz",
	      !(m & ~(SE0 | ENVCFG | CSRIND | AIA | IMSIC | CONTEXT | P1P13 | SRMCFG | BIT(54) | 7)));
	CHECK("stateen_reserved_roz", !(h & ~(SE0 | ENVCFG | CSRIND | AIA | IMSIC | CONTEXT | BIT(54) | 7)));
	CHECK("STATEEN_WARL_ACCESS", m & SE0 && m & ENVCFG && h & SE0 && h & ENVCFG);
	for (unsigned i = 1; i < N; i++)
		CHECK("stateen_reserved_roz", m_get(CSR_MSTATEEN0 + i) == SE0 && m_get(CSR_HSTATEEN0 + i) == SE0 &&
						  m_get(CSR_SSTATEEN0 + i) == 0);
	/* a bit that is zero in hstateen is zero in sstateen as VS sees it; sstateen has none at present */
	csr_write(CSR_HSTATEEN0, SE0);
	CHECK("sstateen_vsmode_access_roz", try(MODE_VS, CSRR(A0, CSR_SSTATEEN0), 0, 0)->x[A0] == 0);
	csr_write(CSR_HSTATEEN0, ALL);
}

/* Bit 63: access to hstateen and sstateen from below. */
static void bit_63(void)
{
	reset();
	for (unsigned i = 0; i < N; i++) {
		for (unsigned n = 0; n < 4; n++) {
			bool m = n & 1, h = n & 2;
			csr_write(CSR_MSTATEEN0 + i, ALL);
			csr_write(CSR_HSTATEEN0 + i, h ? ALL : ALL & ~SE0);
			csr_write(CSR_MSTATEEN0 + i, m ? ALL : ALL & ~SE0);
			for (unsigned w = 0; w < 2; w++) {
				u32 sword = w ? CSRRS(A0, CSR_SSTATEEN0 + i, A1) : CSRR(A0, CSR_SSTATEEN0 + i);
				u32 hword = w ? CSRRS(A0, CSR_HSTATEEN0 + i, A1) : CSRR(A0, CSR_HSTATEEN0 + i);
				context("register, m | h << 1 | w << 2", i, n | w << 2);
				CHECK("mstateen_bit_63_op mstateen0_se0_op stateen_op",
				      m ? ok(MODE_S, sword) && ok(MODE_S, hword)
					: bad(MODE_S, sword, EXC_ILLEGAL) && bad(MODE_S, hword, EXC_ILLEGAL));
				CHECK("hstateen_bit_63_op hstateen0_se0_op stateen_illegal_state_access",
				      !m  ? bad(MODE_VS, sword, EXC_ILLEGAL)
				      : h ? ok(MODE_VS, sword)
					  : bad(MODE_VS, sword, EXC_VIRTUAL));
				CHECK("stateen_illegal_state_access",
				      bad(MODE_VS, hword, m ? EXC_VIRTUAL : EXC_ILLEGAL));
				CHECK("stateen_illegal_state_access",
				      bad(MODE_VU, sword, m ? EXC_VIRTUAL : EXC_ILLEGAL));
				CHECK("stateen_illegal_state_access", bad(MODE_U, sword, EXC_ILLEGAL));
				CHECK("stateen_op", ok(MODE_M, sword) && ok(MODE_M, hword));
			}
		}
		csr_write(CSR_MSTATEEN0 + i, ALL), csr_write(CSR_HSTATEEN0 + i, ALL);
	}
}

/* The CSRs that a bit of mstateen0 guards (own level free, below refused) and those that hstateen0's guards. */
struct guarded {
	u64 bit;
	unsigned csr;
	bool guest; /* VS-mode has it too, by this number */
	const char *m_rule, *h_rule;
};
static const struct guarded guarded[] = {
	{ ENVCFG, CSR_HENVCFG, false, "mstateen0_envcfg_op", "hstateen0_envcfg_op" },
	{ ENVCFG, CSR_SENVCFG, true, "mstateen0_envcfg_op", "hstateen0_envcfg_op" },
	{ CSRIND, CSR_SISELECT, true, "mstateen0_csrind_op", "hstateen0_csrind_op" },
	{ CSRIND, CSR_SIREG, true, "mstateen0_csrind_op", "hstateen0_csrind_op" },
	{ CSRIND, CSR_VSISELECT, false, "mstateen0_csrind_op", "hstateen0_csrind_op" },
	{ CONTEXT, CSR_SCONTEXT, true, "mstateen0_context_op", "hstateen0_context_op" },
	{ CONTEXT, CSR_HCONTEXT, false, "mstateen0_context_op", "hstateen0_context_op" },
	{ SRMCFG, 0x181, false, "mstateen0_srmcfg_op", "mstateen0_srmcfg_op" },
};

static void guards(void)
{
	for (unsigned i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++) {
		const struct guarded *g = &guarded[i];
		reset();
		if (g->csr == CSR_SIREG && !csr_exists(CSR_SIREG))
			continue; /* nothing to select */
		if (!csr_exists(g->csr)) {
			/* no such state: the bit is read-only zero */
			CHECK(g->m_rule, !(m_get(CSR_MSTATEEN0) & g->bit));
			CHECK(g->h_rule, !(m_get(CSR_HSTATEEN0) & g->bit));
			continue;
		}
		u32 word = CSRR(A0, g->csr);
		if (took(try(MODE_S, word, 0, 0), LEVEL_S, EXC_ILLEGAL))
			continue; /* an sireg that selects nothing */
		context("csr", g->csr, 0);
		set(ALL & ~g->bit, ALL, ALL);
		CHECK(g->m_rule, bad(MODE_S, word, EXC_ILLEGAL) && ok(MODE_M, word));
		CHECK(g->m_rule, bad(MODE_VS, word, EXC_ILLEGAL) && bad(MODE_U, word, EXC_ILLEGAL));
		set(ALL, ALL & ~g->bit, ALL);
		CHECK(g->m_rule, ok(MODE_S, word));
		CHECK(g->h_rule, bad(MODE_VS, word, EXC_VIRTUAL));
		CHECK("stateen_illegal_state_access",
		      bad(MODE_VU, word, EXC_VIRTUAL) && bad(MODE_U, word, EXC_ILLEGAL));
		set(ALL, ALL, ALL);
		CHECK(g->h_rule, g->guest ? ok(MODE_VS, word) : bad(MODE_VS, word, EXC_VIRTUAL));
		/* every other bit clear: only this one matters */
		set(g->bit | SE0, g->bit | SE0, 0);
		CHECK(g->h_rule, ok(MODE_S, word) && (!g->guest || ok(MODE_VS, word)));
	}
	/* hedelegh is RV32's; P1P13 guards nothing here, and the CSR does not exist with either value */
	reset();
	for (unsigned n = 0; n < 2; n++) {
		set(n ? ALL : ALL & ~P1P13, ALL, ALL);
		CHECK("mstateen0_p1p13_op",
		      bad(MODE_S, CSRR(A0, CSR_HEDELEGH), EXC_ILLEGAL) && ok(MODE_S, CSRR(A0, CSR_HEDELEG)));
	}
	/* no AIA here: its bits are zero, its CSRs are not there */
	u64 stopei = 0x15c;
	reset();
	if (!csr_exists(stopei))
		CHECK("mstateen0_imsic_op hstateen0_imsic_op",
		      !(m_get(CSR_MSTATEEN0) & IMSIC) && !(m_get(CSR_HSTATEEN0) & IMSIC));
	if (!csr_exists(0xdb0))
		CHECK("mstateen0_aia_op hstateen0_aia_op",
		      !(m_get(CSR_MSTATEEN0) & AIA) && !(m_get(CSR_HSTATEEN0) & AIA));
	/* floating point is guarded by FS, not by a bit */
	set(0, 0, 0);
	CHECK("stateen0_fcsr_op stateen_implicit_state_update",
	      ok(MODE_VS, CSRR(A0, CSR_FCSR)) && ok(MODE_U, CSRW(CSR_FFLAGS, A1)) && ok(MODE_VU, FADD_D(1, 2, 3)));
	/* user-level access is for sstateen to control: it has no bit of its own here, and U-mode keeps what it had */
	CHECK("sstateen_user_access_control",
	      ok(MODE_U, FMV_X_D(A0, 1)) && ok(MODE_VU, CSRR(A0, CSR_CYCLE)) && m_get(CSR_SSTATEEN0) == 0);
}

int main(void)
{
	after_reset();
	registers();
	bit_63();
	guards();
	return 0;
}
