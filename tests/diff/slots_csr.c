/* Random accesses to random CSRs. */
#include <stddef.h>
#include "slots.h"

enum kind {
	PLAIN,
	NO_WRITE, /* the runtime needs its value; written only as it stands */
	HIDDEN,   /* the value read is a matter of time or of choice: thrown away */
	SATP,
	VSATP,
	HGATP,
	TVEC,
	VSTVEC,
	EPC,
	WHOLE,  /* csrrw only: known differences would mix with what is written */
	WHOLE_HIDDEN,
	PMPCFG,
	PMPADDR,
	TIMECMP,
};

struct csr_choice {
	unsigned short number;
	unsigned char weight, kind;
	/* bits that cases write; others, that implementations treat in ways of their own, only in wild cases */
	uint64_t legal;
	uint64_t fixed; /* set in whatever csrrw writes, never cleared */
	/* bits that known.md is about: taken off what a case reads, so that it goes on alike; the log has them */
	uint64_t vague;
};

#define SFENCE_VMA_ALL 0x12000073
#define XL64 (UINT64_C(2) << 32)
#define BIT(n) (UINT64_C(1) << (n))
#define ALL UINT64_MAX
#define SSTATUS_BITS (BIT(1) | BIT(5) | BIT(8) | 3 * BIT(13) | BIT(18) | BIT(19))
#define MSTATUS_BITS (SSTATUS_BITS | BIT(3) | BIT(7) | 3 * BIT(11) | BIT(17) | 7 * BIT(20) | BIT(38) | BIT(39))
#define HSTATUS_BITS (BIT(6) | BIT(7) | BIT(8) | BIT(9) | 7 * BIT(20))
#define S_INTERRUPTS (BIT(1) | BIT(5) | BIT(9))
#define VS_INTERRUPTS (S_INTERRUPTS << 1)
#define EXCEPTIONS (UINT64_C(0xf0b5fe) & ~BIT(9))
#define VAGUE_EXCEPTIONS (BIT(0) | BIT(11) | BIT(18) | BIT(19)) /* which cannot happen, or not below M */
#define ENVCFG (FIOM | CBIE | 3 * BIT(6) | PMM) /* and the cache block instructions' */
#define LCOFI BIT(13) /* of Sscofpmf, but QEMU has the bit without it */
#define GVA BIT(38)
#define SGEI BIT(12)
#define SEIP BIT(9)
#define STIP BIT(5)
#define SD BIT(63)
#define FS (3 * BIT(13))
#define MPRV BIT(17)
#define FIOM BIT(0)
#define CBIE (3 * BIT(4))
#define PMM (3 * BIT(32))
#define HUPMM (3 * BIT(48))
#define STCE BIT(63)
#define PBMTE BIT(62)
#define ADUE BIT(61)

static const struct csr_choice choices[] = {
    {0x300, 12, PLAIN, MSTATUS_BITS, XL64 | XL64 << 2, GVA | FS | SD},
    {0x301, 1, NO_WRITE, 0, 0, BIT(1)},
    {0x302, 6, PLAIN, EXCEPTIONS, 0, VAGUE_EXCEPTIONS},
    {0x303, 6, PLAIN, ALL & ~LCOFI, 0, SGEI},
    {0x304, 6, PLAIN, S_INTERRUPTS | VS_INTERRUPTS | BIT(3) | BIT(11) | BIT(12), BIT(7), SGEI},
    {0x305, 2, NO_WRITE, 0, 0, 0},
    {0x306, 3, PLAIN, 0xffffffff, 0, 0},
    {0x30a, 4, PLAIN, ENVCFG | STCE | PBMTE, ADUE, ENVCFG | ADUE | PBMTE},
    {0x320, 1, PLAIN, 0xfffffffd, 0, 0},
    {0x340, 2, PLAIN, ALL, 0, 0},
    {0x341, 2, EPC, ALL, 0, 0},
    {0x342, 2, WHOLE_HIDDEN, ALL, 0, 0},
    {0x343, 2, WHOLE_HIDDEN, ALL, 0, 0},
    {0x344, 6, PLAIN, S_INTERRUPTS | BIT(2), 0, 0},
    {0x34a, 2, WHOLE_HIDDEN, 0, 0, 0},
    {0x34b, 2, WHOLE_HIDDEN, ALL, 0, 0},
    {0x3a0, 4, PMPCFG, ALL, 0, 0},
    {0x3b0, 2, PMPADDR, ALL, 0, 0},
    {0x3b1, 2, PMPADDR, ALL, 0, 0},
    {0x3b2, 2, PMPADDR, ALL, 0, 0},
    {0x3b3, 2, PMPADDR, ALL, 0, 0},
    {0xb00, 1, HIDDEN, ALL, 0, 0},
    {0xb02, 1, HIDDEN, ALL, 0, 0},
    {0xf11, 1, HIDDEN, ALL, 0, 0},
    {0xf12, 1, HIDDEN, ALL, 0, 0},
    {0xf13, 1, HIDDEN, ALL, 0, 0},
    {0xf14, 1, PLAIN, ALL, 0, 0},
    {0xf15, 1, PLAIN, ALL, 0, 0},

    {0x100, 10, PLAIN, SSTATUS_BITS, XL64, FS | SD},
    {0x104, 6, PLAIN, ALL, 0, S_INTERRUPTS},
    {0x105, 3, TVEC, ALL, 0, 0},
    {0x106, 3, PLAIN, 0xffffffff, 0, 0},
    {0x10a, 3, PLAIN, ENVCFG, 0, ENVCFG},
    {0x140, 3, PLAIN, ALL, 0, 0},
    {0x141, 3, EPC, ALL, 0, 0},
    {0x142, 3, WHOLE_HIDDEN, ALL, 0, 0},
    {0x143, 3, WHOLE_HIDDEN, ALL, 0, 0},
    {0x144, 6, PLAIN, ALL, 0, S_INTERRUPTS},
    {0x14d, 3, TIMECMP, ALL, 0, 0},
    {0x180, 8, SATP, ALL, 0, 0},

    {0x200, 8, PLAIN, SSTATUS_BITS, XL64, FS | SD},
    {0x204, 5, PLAIN, ALL, 0, 0},
    {0x205, 2, VSTVEC, ALL, 0, 0},
    {0x240, 2, PLAIN, ALL, 0, 0},
    {0x241, 2, EPC, ALL, 0, 0},
    {0x242, 2, WHOLE_HIDDEN, ALL, 0, 0},
    {0x243, 2, WHOLE_HIDDEN, ALL, 0, 0},
    {0x244, 5, PLAIN, ALL, 0, SEIP | STIP},
    {0x24d, 3, TIMECMP, ALL, 0, 0},
    {0x280, 8, VSATP, ALL, 0, 0},

    {0x600, 12, PLAIN, HSTATUS_BITS | HUPMM, XL64, BIT(6) | HUPMM},
    {0x602, 6, PLAIN, EXCEPTIONS, 0, VAGUE_EXCEPTIONS},
    {0x603, 6, PLAIN, ALL, 0, 0},
    {0x604, 5, PLAIN, ALL, 0, SGEI},
    {0x605, 2, PLAIN, ALL >> 2, 0, 0},
    {0x606, 4, PLAIN, 0xffffffff, 0, 0},
    {0x607, 2, PLAIN, ALL, 0, 0},
    {0x60a, 4, PLAIN, ENVCFG | STCE | PBMTE, ADUE, ENVCFG | ADUE | PBMTE | STCE},
    {0x643, 3, WHOLE_HIDDEN, ALL, 0, 0},
    {0x644, 5, PLAIN, ALL, 0, 0},
    {0x645, 6, PLAIN, ALL, 0, 0},
    {0x64a, 3, WHOLE_HIDDEN, 0, 0, 0},
    {0x680, 8, HGATP, ALL, 0, 0},
    {0xe12, 2, PLAIN, ALL, 0, 0},

    {0xc00, 3, HIDDEN, ALL, 0, 0},
    {0xc01, 3, HIDDEN, ALL, 0, 0},
    {0xc02, 3, HIDDEN, ALL, 0, 0},
    {0xc03, 1, HIDDEN, ALL, 0, 0},
    {0xc1f, 1, HIDDEN, ALL, 0, 0},
    {0x001, 2, PLAIN, ALL, 0, 0},
    {0x002, 2, PLAIN, ALL, 0, 0},
    {0x003, 2, PLAIN, ALL, 0, 0},

    /* no such registers, at any level */
    {0x0c0, 1, PLAIN, ALL, 0, 0},
    {0x1c0, 1, PLAIN, ALL, 0, 0},
    {0x2c0, 1, PLAIN, ALL, 0, 0},
    {0x601, 1, PLAIN, ALL, 0, 0},
    {0x6c0, 1, PLAIN, ALL, 0, 0},
    {0x9c0, 1, PLAIN, ALL, 0, 0},
    {0xa00, 1, PLAIN, ALL, 0, 0},
    {0xcc0, 1, PLAIN, ALL, 0, 0},
    {0xf16, 1, PLAIN, ALL, 0, 0},
};

static const struct csr_choice *any_csr(struct random *random)
{
	unsigned total = 0;
	for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
		total += choices[i].weight;
	unsigned left = pick(random, total);
	const struct csr_choice *choice = choices;
	while (left >= choice->weight)
		left -= choice++->weight;
	return choice;
}

static uint64_t any_value(struct random *random)
{
	switch (pick(random, 8)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
	case 3:
		return BIT(pick(random, 64));
	case 4:
		return random_word(random) & random_word(random) & random_word(random);
	case 5:
		return pick(random, 8192);
	default:
		return random_word(random);
	}
}

static uint64_t any_satp(struct maker *maker)
{
	struct random *random = maker->random;
	return chance(random, 25) ? 0 : maker->world->satp[pick(random, ROOTS)];
}

static uint64_t any_hgatp(struct maker *maker)
{
	struct random *random = maker->random;
	return chance(random, 25) ? 0 : maker->world->hgatp[pick(random, GUEST_ROOTS)];
}

/* Never locked, for a lock would outlive the case. TOR only above a lower entry, which bounds it to the data. */
static uint64_t any_pmpcfg(struct random *random)
{
	uint64_t config = 0;
	for (unsigned i = 0; i < 4; i++) {
		unsigned mode = pick(random, 4), permissions = pick(random, 8);
		if (permissions == 2 || permissions == 6)
			permissions |= 1; /* W without R is reserved */
		if (mode == 1 && !i)
			mode = 0;
		config |= (uint64_t)(mode << 3 | permissions) << 8 * i;
	}
	return config;
}

static uint64_t any_pmpaddr(struct random *random)
{
	uint64_t address = DATA + (pick(random, DATA_PAGES * 4096) & ~7u);
	unsigned ones = pick(random, 12);
	return (address >> 2 & ~((UINT64_C(1) << ones) - 1)) | ((UINT64_C(1) << ones) - 1) >> 1;
}

static uint64_t any_epc(struct maker *maker)
{
	uint64_t value = chance(maker->random, 50) ? world_address(maker->world, 4) : any_value(maker->random);
	return maker->world->wild ? value : value & ~UINT64_C(1); /* QEMU keeps bit 0 */
}

/* Only rvsim and Spike have big-endian modes, and the runtime has none. */
static uint64_t never_written(const struct world *world, unsigned csr)
{
	switch (csr) {
	case 0x300: /* nor is there a vector unit, though QEMU has its VS; and in U it would obey a UXL of 3 */
		return BIT(6) | 3 * BIT(9) | 3 * BIT(36) | (world->all ? 0 : BIT(32));
	case 0x100:
	case 0x200: /* QEMU lets any bits of vsstatus leak into mstatus, and they stay */
		return ~SSTATUS_BITS;
	case 0x302:
		return BIT(9); /* ecalls from HS go to the runtime, always */
	case 0x600:
		return BIT(5);
	case 0x34a: /* need hold only what traps write */
	case 0x64a:
		return ALL;
	default:
		return 0;
	}
}

/* Of Ssdbltrp and Zicfilp: SDT, SPELP, MPELP, DTE, LPE. */
static uint64_t further_fields(unsigned csr)
{
	switch (csr) {
	case 0x300:
		return BIT(23) | BIT(24) | BIT(41);
	case 0x100:
	case 0x200:
		return BIT(23) | BIT(24);
	case 0x30a:
	case 0x60a:
		return BIT(2) | BIT(59);
	case 0x10a:
		return BIT(2);
	default:
		return 0;
	}
}

static uint64_t value_for(struct maker *maker, const struct csr_choice *choice)
{
	struct random *random = maker->random;
	switch ((enum kind)choice->kind) {
	case SATP:
		if (chance(random, 5))
			return (uint64_t)(1 + pick(random, 7)) << 60 | pick(random, 4096);
		return any_satp(maker);
	case VSATP:
		return any_satp(maker);
	case HGATP:
		return any_hgatp(maker);
	case TVEC:
		return (chance(random, 50) ? CODE_S + VECTOR_HS : CODE_S + VECTOR_HS_OTHER) + pick(random, 2);
	case VSTVEC:
		return (chance(random, 50) ? CODE_S + VECTOR_VS : CODE_S + VECTOR_VS_OTHER) + pick(random, 2);
	case EPC:
		return any_epc(maker);
	case PMPCFG:
		return any_pmpcfg(random);
	case PMPADDR:
		return any_pmpaddr(random);
	case TIMECMP:
		return chance(random, 50) ? 0 : UINT64_MAX;
	default:
		return (any_value(random) & (maker->world->wild ? ALL & ~never_written(maker->world, choice->number) :
		                             choice->legal | (maker->world->all ? further_fields(choice->number) : 0))) | choice->fixed;
	}
}

/* csrrs and csrrc of these could put together a value that csrrw would not be given. */
static bool whole_only(const struct csr_choice *choice)
{
	return choice->kind >= SATP;
}

/* What MPP becomes when 2 is written is for implementations to choose. */
static uint64_t without_mode_2(uint64_t mstatus, enum csr_op op)
{
	uint64_t mpp = mstatus & 3 * BIT(11);
	if (mpp == BIT(12) || (mpp == BIT(11) && op != CSRRW))
		mpp = 3 * BIT(11);
	return (mstatus & ~(3 * BIT(11))) | mpp;
}

/* Fields that go together. */
static uint64_t status_for(struct maker *maker, const struct csr_choice *choice, enum csr_op op, uint64_t word)
{
	if (choice->number != 0x300 && choice->number != 0x100 && choice->number != 0x200)
		return word;
	if (op != CSRRW && word & FS) /* whose state may be imprecise: both bits or none */
		word |= FS;
	if (choice->number != 0x300)
		return word;
	word = without_mode_2(word, op);
	/* With MPP=3 QEMU's MPRV obeys MPV even so. */
	if (!maker->world->wild && op == CSRRS)
		word &= ~(MPRV | 3 * BIT(11) | BIT(39));
	if (!maker->world->wild && op == CSRRW && (word & 3 * BIT(11)) == 3 * BIT(11))
		word &= ~MPRV;
	return word;
}

/* Two-bit fields one value of which is reserved: what that makes is for implementations to choose. */
static uint64_t without_reserved(uint64_t word, enum csr_op op, uint64_t field, uint64_t reserved)
{
	return word & field && (op != CSRRW || (word & field) == reserved) ? word | field : word;
}

static uint64_t fields_for(struct maker *maker, const struct csr_choice *choice, enum csr_op op, uint64_t word)
{
	if (choice->number == 0x600)
		return without_reserved(word, op, HUPMM, BIT(48));
	if (choice->number == 0x10a || choice->number == 0x30a || choice->number == 0x60a)
		return without_reserved(without_reserved(word, op, CBIE, BIT(5)), op, PMM, BIT(32));
	return status_for(maker, choice, op, word);
}

static void access_csr(struct maker *maker, const struct csr_choice *choice, unsigned rd)
{
	struct random *random = maker->random;
	unsigned value = any_register(maker), way = pick(random, 8);
	if (choice->kind == NO_WRITE || way < 2) {
		emit_csr(&maker->code, CSRRS, rd, choice->number, 0);
		return;
	}
	if (way == 2 && choice->legal == ALL && !whole_only(choice)) {
		emit_csr(&maker->code, CSRRWI + pick(random, 3), rd, choice->number, pick(random, 32));
		return;
	}
	enum csr_op op = whole_only(choice) || way < 5 ? CSRRW : way < 7 ? CSRRS : CSRRC;
	uint64_t word = value_for(maker, choice);
	if (op == CSRRC)
		word &= ~choice->fixed;
	word = fields_for(maker, choice, op, word);
	emit_li(&maker->code, value, word);
	emit_csr(&maker->code, op, rd, choice->number, value);
}

/* S-mode's names for VS registers lead, while V=1, to what the other number would: so satp is vsatp there, and so on.
 * The values suit both. */
void slot_csr(struct maker *maker)
{
	const struct csr_choice *choice = any_csr(maker->random);
	unsigned rd = choice->kind == HIDDEN || choice->kind == WHOLE_HIDDEN || chance(maker->random, 25) ? 0 : any_register(maker);
	access_csr(maker, choice, rd);
	if (choice->kind == PMPADDR) { /* QEMU looks at a TOR entry's lower end when its own configuration is written */
		unsigned any = any_register(maker);
		emit_csr(&maker->code, CSRRS, any, 0x3a0, 0);
		emit_csr(&maker->code, CSRRW, 0, 0x3a0, any);
	}
	if (choice->kind == PMPADDR || choice->kind == PMPCFG)
		emit(&maker->code, SFENCE_VMA_ALL);
	if (choice->kind == HGATP || choice->kind == VSATP) {
		/* QEMU forgets no translation on its own, and all by the narrowest fence */
		unsigned any = any_register(maker);
		emit(&maker->code, r_type(OP_SYSTEM, 0, 0x09, 0, any, any));
	}
	if (rd && choice->vague) {
		unsigned mask = other_register(maker, rd);
		emit_li(&maker->code, mask, ~choice->vague);
		emit(&maker->code, r_type(0x33, 7, 0, rd, rd, mask));
	}
}

/* Of PMP entries 16 to 63: with 16 of them these may be absent, or zero. Of triggers: Spike has contexts without
 * any. */
static bool is_optional(unsigned number)
{
	return (number >= 0x3a4 && number < 0x3b0) || (number >= 0x3c0 && number < 0x3f0) ||
	       (number >= 0x500 && number < 0x800 && (number & 0xf0) == 0xa0);
}

/* Any of the 4096 numbers, whether a register is there or not. What is read is not looked at, only what it raises. */
void slot_csr_number(struct maker *maker)
{
	static const uint16_t regions[] = {0x000, 0x100, 0x200, 0x300, 0x600, 0x700, 0xb00, 0xc00, 0xd00, 0xe00, 0xf00};
	struct random *random = maker->random;
	for (unsigned i = pick(random, 3) + 1; i > 0; i--) {
		unsigned number = chance(random, 40) ? pick(random, 4096) : PICK(random, regions) + pick(random, 0x80);
		if (is_optional(number))
			continue;
		bool write = number >> 10 == 3 && chance(random, 30);
		emit_csr(&maker->code, write ? CSRRW : CSRRS, 0, number, write ? any_register(maker) : 0);
	}
}

/* ---- the start of a case ---- */

static void start_with(struct maker *maker, unsigned csr, uint64_t value)
{
	emit_li(&maker->code, CASE_X_FIRST, value);
	emit_csr(&maker->code, CSRRW, 0, csr, CASE_X_FIRST);
}

static uint64_t some_bits(struct random *random)
{
	switch (pick(random, 4)) {
	case 0:
		return 0;
	case 1:
		return ALL;
	default:
		return random_word(random);
	}
}

void slot_csr_initialize(struct maker *maker)
{
	struct random *random = maker->random;
	start_with(maker, 0x302, some_bits(random) & EXCEPTIONS);
	start_with(maker, 0x602, some_bits(random) & EXCEPTIONS);
	start_with(maker, 0x303, some_bits(random) & ~LCOFI);
	start_with(maker, 0x603, some_bits(random));
	start_with(maker, 0x304, BIT(7) | (some_bits(random) & some_bits(random) & 0x1666));
	start_with(maker, 0x306, some_bits(random) & 0xffffffff);
	start_with(maker, 0x606, some_bits(random) & 0xffffffff);
	start_with(maker, 0x106, some_bits(random) & 0xffffffff);
	static const unsigned short environment[] = {0x30a, 0x60a, 0x10a};
	for (unsigned i = 0; i < 3; i++) {
		struct csr_choice choice = {.number = environment[i]};
		uint64_t bits = some_bits(random) & ((i < 2 ? STCE | PBMTE | ENVCFG : ENVCFG) |
		                                     (maker->world->all ? further_fields(choice.number) : 0));
		start_with(maker, choice.number, fields_for(maker, &choice, CSRRW, bits) | (i < 2 ? ADUE : 0));
	}
	start_with(maker, 0x600, XL64 | (some_bits(random) & random_word(random) & HSTATUS_BITS));
	start_with(maker, 0x200, XL64 | (some_bits(random) & SSTATUS_BITS));
	uint64_t mstatus = some_bits(random) & random_word(random) & MSTATUS_BITS & ~(BIT(3) | BIT(17));
	start_with(maker, 0x300, XL64 | XL64 << 2 | without_mode_2(mstatus, CSRRW));
	start_with(maker, 0x180, any_satp(maker));
	start_with(maker, 0x280, any_satp(maker));
	start_with(maker, 0x680, any_hgatp(maker));
	if (chance(random, 25)) {
		for (unsigned i = 0; i < 4; i++)
			start_with(maker, 0x3b0 + i, any_pmpaddr(random));
		start_with(maker, 0x3a0, any_pmpcfg(random));
	}
}
