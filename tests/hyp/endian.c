/* Big-endian guests and hosts: whose bit decides for which access, explicit and implicit. Fetches are always
 * little-endian. */
#include "rt.h"

static struct guest guest;
static const u64 value = 0x0102030405060708;

enum { UBE, SBE, MBE, VUBE, VSBE, BITS };

static void set_bits(unsigned set)
{
	csrc(CSR_MSTATUS, STATUS_UBE | STATUS_SBE);
	csrs(CSR_MSTATUS, (set & BIT(UBE) ? STATUS_UBE : 0) | (set & BIT(SBE) ? STATUS_SBE : 0));
	csrc(CSR_VSSTATUS, STATUS_UBE);
	csrs(CSR_VSSTATUS, set & BIT(VUBE) ? STATUS_UBE : 0);
	csrc(CSR_HSTATUS, HSTATUS_VSBE);
	csrs(CSR_HSTATUS, set & BIT(VSBE) ? HSTATUS_VSBE : 0);
}

static u64 swap(u64 v, unsigned bytes)
{
	u64 r = 0;
	for (unsigned i = 0; i < bytes; i++)
		r |= (v >> (8 * i) & 0xff) << (8 * (bytes - 1 - i));
	return r;
}

/* Loads and stores of every width, as the bit says; x1 is the address, big: what to expect. */
static void widths(enum mode mode, u64 address, bool big, const char *rules)
{
	static const struct {
		u32 word;
		unsigned bytes;
		bool sign;
	} loads[] = {
		{ LB, 1, true },   { LBU, 1, false }, { LH, 2, true },   { LHU, 2, false },  { LW, 4, true },
		{ LWU, 4, false }, { LD, 8, false },  { LR_W, 4, true }, { LR_D, 8, false },
	};
	static const struct {
		u32 word;
		unsigned bytes;
	} stores[] = { { SB, 1 }, { SH, 2 }, { SW, 4 }, { SD, 8 } };
	volatile u64 *data = guest_data(&guest, 0);
	for (unsigned i = 0; i < 9; i++) {
		data[0] = 0x8182838485868788;
		u64 raw = data[0] & (loads[i].bytes == 8 ? ~UINT64_C(0) : BIT(8 * loads[i].bytes) - 1);
		u64 want = big ? swap(raw, loads[i].bytes) : raw;
		if (loads[i].sign)
			want = (u64)((int64_t)(want << (64 - 8 * loads[i].bytes)) >> (64 - 8 * loads[i].bytes));
		struct trap *t = try(mode, loads[i].word, address, 0);
		context("load, big", loads[i].word, big);
		CHECK(rules, finished(t) && t->x[A0] == want);
	}
	for (unsigned i = 0; i < 4; i++) {
		data[0] = 0;
		u64 low = value & (stores[i].bytes == 8 ? ~UINT64_C(0) : BIT(8 * stores[i].bytes) - 1);
		CHECK(rules, finished(try(mode, stores[i].word, address, value)));
		context("store, big", stores[i].word, big);
		CHECK(rules, data[0] == (big ? swap(low, stores[i].bytes) : low));
	}
	/* arithmetic is on numbers */
	data[0] = big ? swap(41, 8) : 41;
	struct trap *t = try(mode, AMOADD_D, address, 1);
	CHECK(rules, finished(t) && t->x[A0] == 41 && data[0] == (big ? swap(42, 8) : 42));
	data[0] = big ? swap(0xffffffff, 4) : 0xffffffff;
	t = try(mode, AMOADD_W, address, 2);
	CHECK(rules, finished(t) && t->x[A0] == ~UINT64_C(0) && data[0] == (big ? swap(1, 4) : 1));
	u32 words[] = { LR_D, ADDI(A2, A0, 1), r_type(0x2f, 3, 3 << 2, A3, A1, A2) };
	u64 x[32] = { 0 };
	x[A1] = address;
	data[0] = big ? swap(6, 8) : 6;
	t = try_words(mode, words, 3, x);
	CHECK(rules, finished(t) && t->x[A3] == 0 && data[0] == (big ? swap(7, 8) : 7));
	/* floating point */
	data[0] = value;
	u32 fp[] = { FLD, FMV_X_D(A0, 10), s_type(0x27, 3, 10, A1, 8) };
	t = try_words(mode, fp, 3, x);
	CHECK(rules, finished(t) && t->x[A0] == (big ? swap(value, 8) : value) && data[1] == value);
	/* misaligned, and over the page boundary */
	data[0] = 0x1122334455667788, data[1] = 0x99aabbccddeeff00;
	t = try(mode, LW, address + 6, 0);
	CHECK(rules, finished(t) && (u32)t->x[A0] == (big ? 0x221100ff : 0xff001122));
	data[511] = 0x1122334455667788, data[512] = 0x99aabbccddeeff00;
	t = try(mode, LW, address + 4094, 0);
	CHECK(rules, finished(t) && (u32)t->x[A0] == (big ? 0x221100ff : 0xff001122));
	CHECK(rules, finished(try(mode, SD, address + 4092, value)));
	CHECK(rules, data[511] >> 32 == (big ? swap(value >> 32, 4) : value & 0xffffffff) &&
			 (u32)data[512] == (big ? swap(value & 0xffffffff, 4) : value >> 32));
}

static void begin(u64 vs_flags)
{
	reset();
	guest_new(&guest, 3, 3);
	guest_map(&guest, 0, vs_flags, PTE_ALL);
	guest_map(&guest, 1, vs_flags, PTE_ALL);
}

/* Each mode: its own bit, and all the others. Tables bare, so that only explicit accesses are judged. */
static void explicit_accesses(void)
{
	static const struct {
		enum mode mode;
		unsigned bit;
		const char *rules;
	} modes[] = {
		{ MODE_U, UBE, "mstatus_ube_op sstatus_ube" },
		{ MODE_S, SBE, "mstatus_sbe_op" },
		{ MODE_VU, VUBE, "VSSTATUS_UBE vsstatus_op" },
		{ MODE_VS, VSBE, "hstatus_vsbe_op HSTATUS_VSBE_WARL" },
	};
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned n = 0; n < 2; n++) {
			begin(PTE_S);
			csrw(CSR_VSATP, 0), csrw(CSR_HGATP, 0);
			fence_all();
			set_bits(n ? (unsigned)BIT(modes[i].bit) : 0x1f & ~(unsigned)BIT(modes[i].bit));
			widths(modes[i].mode, guest.pages, n, modes[i].rules);
			widths(modes[i].mode, guest.pages, n,
			       "mstatus_mstatush_xbe_warl endianness_inst_fetch_little");
		}
	}
	/* the bits are what they were set to */
	for (unsigned set = 0; set < 32; set++) {
		set_bits(set);
		CHECK("hstatus_vsbe_op HSTATUS_VSBE_WARL VSSTATUS_UBE",
		      !!(csrr(CSR_HSTATUS) & HSTATUS_VSBE) == (set >> VSBE & 1) &&
			  !!(csrr(CSR_VSSTATUS) & STATUS_UBE) == (set >> VUBE & 1));
		CHECK("mstatus_mstatush_xbe_warl", !!(csrr(CSR_MSTATUS) & STATUS_UBE) == (set >> UBE & 1) &&
						       !!(csrr(CSR_MSTATUS) & STATUS_SBE) == (set >> SBE & 1));
		CHECK("sstatus_ube", !!(csrr(CSR_SSTATUS) & STATUS_UBE) == (set >> UBE & 1));
		struct trap *t = try(MODE_VS, CSRR(A0, CSR_SSTATUS), 0, 0);
		CHECK("VSSTATUS_UBE vsstatus_op", !!(t->x[A0] & STATUS_UBE) == (set >> VUBE & 1));
	}
}

/* M-mode, by its own bit, inside one piece of code: the driver is little-endian. */
static struct trap *machine(u32 word, u64 set, u64 address, u64 data)
{
	const u32 words[] = { CSRW(CSR_MSTATUS, A3), word, CSRW(CSR_MSTATUS, A4) };
	u64 x[32] = { 0 };
	x[A1] = address, x[A2] = data;
	x[A4] = csrr(CSR_MSTATUS);
	x[A3] = (x[A4] & ~(STATUS_MPP | STATUS_MPV | STATUS_MBE)) | set;
	return try_words(MODE_M, words, 3, x);
}

static void machine_and_mprv(void)
{
	for (unsigned set = 0; set < 32; set++) {
		begin(PTE_S);
		volatile u64 *data = guest_data(&guest, 0);
		csrw(CSR_VSATP, 0), csrw(CSR_HGATP, 0);
		fence_all();
		set_bits(set);
		u64 mbe = set & BIT(MBE) ? STATUS_MBE : 0;
		context("bits", set, 0);
		for (unsigned n = 0; n < 8; n++) {
			unsigned mpp = n & 3;
			bool mpv = n & 4;
			if (mpp == 2)
				continue;
			unsigned bit = mpp == 3 ? MBE : mpv ? mpp ? VSBE : VUBE : mpp ? SBE : UBE;
			data[0] = value;
			struct trap *t =
			    machine(LD, mbe | STATUS_MPRV | (u64)mpp << 11 | (mpv ? STATUS_MPV : 0), guest.pages, 0);
			CHECK("mstatus_mprv_hypervisor",
			      finished(t) && t->x[A0] == (set >> bit & 1 ? swap(value, 8) : value));
			t = machine(LW, mbe | (u64)mpp << 11 | (mpv ? STATUS_MPV : 0), guest.pages, 0);
			CHECK("mstatus_mbe_op",
			      finished(t) &&
				  t->x[A0] == (set >> MBE & 1 ? swap(value & 0xffffffff, 4) : value & 0xffffffff));
		}
		/* HLV, HLVX and HSV: as VS or VU, by SPVP */
		for (unsigned spvp = 0; spvp < 2; spvp++) {
			bool big = set >> (spvp ? VSBE : VUBE) & 1;
			csrc(CSR_HSTATUS, HSTATUS_SPVP);
			csrs(CSR_HSTATUS, HSTATUS_HU | (spvp ? HSTATUS_SPVP : 0));
			for (unsigned m = 0; m < 3; m++) {
				static const enum mode from[] = { MODE_U, MODE_S, MODE_M };
				data[0] = value;
				struct trap *t = try(from[m], HLV_D, guest.pages, 0);
				CHECK("hlsv_trans hstatus_vsbe_op hlsv_priv",
				      finished(t) && t->x[A0] == (big ? swap(value, 8) : value));
				t = try(from[m], HLVX_HU, guest.pages, 0);
				CHECK("hlsv_u_op hstatus_vsbe_op",
				      finished(t) && t->x[A0] == (big ? 0x0807u : 0x0708u));
				data[0] = 0;
				try(from[m], HSV_W, guest.pages, value);
				CHECK("hlsv_trans hstatus_vsbe_op",
				      data[0] == (big ? swap(value & 0xffffffff, 4) : value & 0xffffffff));
			}
		}
	}
}

/* Turn a space's tables to the other byte order. */
static void swap_tables(struct space *space, u64 table, int level)
{
	unsigned entries = space->wide && level == space->levels - 1 ? 2048 : 512;
	u64 *pte = (u64 *)table;
	for (unsigned i = 0; i < entries; i++) {
		if (level && pte[i] & PTE_V && !(pte[i] & (PTE_R | PTE_X)))
			swap_tables(space, (pte[i] >> 10 << 12) - space->window, level - 1);
		pte[i] = swap(pte[i], 8);
	}
}

static void implicit_accesses(void)
{
	for (unsigned n = 0; n < 32; n++) {
		bool vs_big = n & 1, g_big = n & 2;
		enum mode mode = n & 4 ? MODE_VU : MODE_VS;
		begin(n & 4 ? PTE_ALL : PTE_S);
		u64 *pte = space_pte(&guest.vs, TEST_VA, 0), *g_pte = space_pte(&guest.g, TEST_GPA, 0);
		csrw(CSR_MENVCFG, ENVCFG_ADUE), csrw(CSR_HENVCFG, ENVCFG_ADUE);
		*pte &= ~PTE_AD, *g_pte &= ~PTE_AD;
		u64 want = *pte | PTE_AD, g_want = *g_pte | PTE_AD;
		if (vs_big)
			swap_tables(&guest.vs, guest.vs.root, 2);
		if (g_big)
			swap_tables(&guest.g, guest.g.root, 2);
		/* user and machine bits at random: they are not asked */
		set_bits((vs_big ? BIT(VSBE) : 0) | (g_big ? BIT(SBE) : 0) | (n & 8 ? BIT(UBE) : 0) |
			 (n & 16 ? BIT(VUBE) : 0));
		fence_all();
		guest_data(&guest, 0)[0] = value;
		bool big = n & 4 ? n & 16 : vs_big;
		struct trap *t = try(mode, LD, TEST_VA, 0);
		context("VS | G << 1 | VU << 2", n, 0);
		CHECK("hstatus_vsbe_op", finished(t) && t->x[A0] == (big ? swap(value, 8) : value));
		CHECK("mstatus_sbe_implicit", finished(t));
		t = try(mode, SD, TEST_VA, value);
		CHECK("hstatus_vsbe_op mstatus_sbe_implicit",
		      finished(t) && guest_data(&guest, 0)[0] == (big ? swap(value, 8) : value));
		/* A and D were set in the right bytes */
		CHECK("hstatus_vsbe_op", *pte == (vs_big ? swap(want, 8) : want));
		CHECK("mstatus_sbe_implicit", *g_pte == (g_big ? swap(g_want, 8) : g_want));
		/* the wrong order finds no valid entry */
		csrw(CSR_HSTATUS, csrr(CSR_HSTATUS) ^ HSTATUS_VSBE);
		fence_all();
		t = try(mode, LD, TEST_VA, 0);
		CHECK("hstatus_vsbe_op", took(t, LEVEL_S, EXC_FETCH_PAGE));
	}
	/* HS-level tables */
	for (unsigned big = 0; big < 2; big++) {
		reset();
		struct space s;
		space_new(&s, 3, false, 0);
		guest.pages = (u64)page_alloc(4);
		space_map(&s, TEST_VA, guest.pages, 0, PTE_ALL);
		space_map(&s, TEST_VA + 4096, guest.pages, 0, PTE_S);
		if (big)
			swap_tables(&s, s.root, 2);
		csrw(CSR_SATP, space_atp(&s, 0));
		set_bits(big ? (unsigned)BIT(SBE) : (unsigned)(BIT(UBE) | BIT(VSBE)));
		fence_all();
		guest_data(&guest, 0)[0] = value;
		struct trap *t = try(MODE_U, LD, TEST_VA, 0);
		CHECK("mstatus_sbe_implicit sstatus_ube_implicit",
		      finished(t) && t->x[A0] == (big ? value : swap(value, 8)));
		t = try(MODE_S, LD, TEST_VA + 4096, 0);
		CHECK("mstatus_sbe_implicit mstatus_sbe_op",
		      finished(t) && t->x[A0] == (big ? swap(value, 8) : value));
	}
}

int main(void)
{
	explicit_accesses();
	machine_and_mprv();
	implicit_accesses();
	return 0;
}
