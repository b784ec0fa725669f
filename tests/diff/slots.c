#include "slots.h"

#include <stddef.h>
#include "isa/isa.h"
#include "isa/insn.h"

enum { CSR_MSTATUS = 0x300, CSR_SSTATUS = 0x100, CSR_HSTATUS = 0x600, CSR_MEPC = 0x341, CSR_SEPC = 0x141, CSR_HGATP = 0x680, CSR_VSATP = 0x280, CSR_SATP = 0x180 };
enum { ECALL = 0x73, EBREAK = 0x100073, MRET = 0x30200073, SRET = 0x10200073, WFI = 0x10500073, CTZW = 0x6000101b | 1 << 20 };
enum { SFENCE_VMA = 0x09, SINVAL_VMA = 0x0b, HFENCE_VVMA = 0x11, HFENCE_GVMA = 0x31, HINVAL_VVMA = 0x13, HINVAL_GVMA = 0x33 };
#define UNUSED_ADDRESS 0x7f000
#define UNUSED_ID 0x3ff
#define SFENCE_VMA_ALL 0x12000073
#define BIT(n) (UINT64_C(1) << (n))

/* ---- addresses of slots ---- */

void slot_address_load(struct maker *maker, unsigned rd, unsigned slot, bool user)
{
	assert(maker->patch_count < MAX_PATCHES);
	maker->patches[maker->patch_count++] = (struct patch){maker->code.used, slot, user};
	emit(&maker->code, rd << 7 | OP_LUI);
	emit(&maker->code, i_type(OP_IMM, 0, rd, rd, 0));
	emit(&maker->code, i_type(OP_IMM, 1, rd, rd, 32));
	emit(&maker->code, i_type(OP_IMM, 5, rd, rd, 32));
}

static void or_word(struct code *code, unsigned at, uint32_t bits)
{
	code->halves[at] |= bits & 0xffff;
	code->halves[at + 1] |= bits >> 16;
}

void slot_address_patch(struct maker *maker, const unsigned short *offsets)
{
	for (unsigned i = 0; i < maker->patch_count; i++) {
		const struct patch *patch = &maker->patches[i];
		uint32_t address = (patch->user ? CODE_U : CODE_S) + offsets[patch->slot];
		uint32_t upper = (address + 0x800) & 0xfffff000;
		or_word(&maker->code, patch->at, upper);
		or_word(&maker->code, patch->at + 2, (address - upper) << 20);
	}
}

/* ---- returns ---- */

static void set_user(struct maker *maker, bool user)
{
	emit(&maker->code, i_type(OP_IMM, 0, USER_REGISTER, 0, user));
}

/* Privilege of the target, and which copy of the code it can run. */
static void slot_mret(struct maker *maker)
{
	struct random *random = maker->random;
	unsigned scratch = any_register(maker);
	unsigned mode = (unsigned[]){0, 1, 3}[pick(random, 3)];
	uint64_t value = (uint64_t)mode << 11 | (random_word(random) & (BIT(39) | BIT(7)));
	if (mode == 3 && !maker->world->wild) /* QEMU enters M-mode with V=1 then */
		value &= ~BIT(39);
	emit_csr_field(&maker->code, scratch, CSR_MSTATUS, 3 * BIT(11) | BIT(39) | BIT(7), value);
	if (chance(random, 92))
		slot_address_load(maker, scratch, maker->slot + 1, !mode);
	else
		emit_li(&maker->code, scratch, world_address(maker->world, 4) & ~UINT64_C(1));
	emit_csr(&maker->code, CSRRW, 0, CSR_MEPC, scratch);
	set_user(maker, !mode);
	emit(&maker->code, MRET);
}

static void slot_sret(struct maker *maker)
{
	struct random *random = maker->random;
	unsigned scratch = any_register(maker);
	bool user = chance(random, 50);
	if (chance(random, 60))
		emit_csr_field(&maker->code, scratch, CSR_HSTATUS, BIT(7), random_word(random) & BIT(7));
	emit_csr_field(&maker->code, scratch, CSR_SSTATUS, BIT(8) | BIT(5), (user ? 0 : BIT(8)) | (random_word(random) & BIT(5)));
	if (chance(random, 92))
		slot_address_load(maker, scratch, maker->slot + 1, user);
	else
		emit_li(&maker->code, scratch, world_address(maker->world, 4) & ~UINT64_C(1));
	emit_csr(&maker->code, CSRRW, 0, CSR_SEPC, scratch);
	set_user(maker, user);
	emit(&maker->code, SRET);
}

/* ---- other ways to trap ---- */

static void slot_call(struct maker *maker)
{
	static const uint32_t words[] = {ECALL, ECALL, EBREAK, MRET, SRET, 0xffffffff, 0x0000000b, 0x0000705b, 0x12345053};
	static const uint16_t halves[] = {0x9002, 0x0000, 0x9000};
	if (chance(maker->random, 70))
		emit(&maker->code, PICK(maker->random, words));
	else
		emit16(&maker->code, PICK(maker->random, halves));
}

/* WFI where an interrupt is pending and enabled, so that it ends at once where it does not trap. In HS and VS the code
 * goes round it unless that is so. */
static void slot_wait(struct maker *maker)
{
	struct random *random = maker->random;
	struct code *code = &maker->code;
	bool machine = chance(random, 30);
	unsigned a = any_register(maker), b = other_register(maker, a);
	unsigned pending = machine ? 0x344 : 0x144, enabled = machine ? 0x304 : 0x104;
	if (chance(random, 25)) { /* U and VU may not wait at all */
		emit(code, 0x00000063 | USER_REGISTER << 15 | 8 << 7); /* beqz, past wfi */
		emit(code, WFI);
		return;
	}
	emit_csr(code, CSRRSI, 0, pending, 2);
	emit_csr(code, CSRRSI, 0, enabled, 2);
	emit_csr(code, CSRRS, a, pending, 0);
	emit_csr(code, CSRRS, b, enabled, 0);
	emit(code, i_type(OP_IMM, 7, b, b, 2)); /* the other bits vary */
	emit(code, r_type(0x33, 7, 0, a, a, b));
	emit(code, 0x00000063 | a << 15 | 8 << 7); /* beqz a, past wfi */
	emit(code, WFI);
	emit_csr(code, CSRRCI, 0, pending, 2);
	emit_li(code, a, 0); /* what QEMU read may lack bits */
	emit_li(code, b, 0);
}

static void slot_jump(struct maker *maker)
{
	static const uint16_t offsets[] = {0xfe0, 0xff8, 0xffa, 0xffc, 0xffe, 0x000, 0x002, 0x004, 0x010};
	struct random *random = maker->random;
	unsigned target = any_register(maker);
	if (chance(random, 25))
		slot_address_load(maker, target, maker->slot + 1, chance(random, 50));
	else
		emit_li(&maker->code, target, (world_address(maker->world, 4) & ~UINT64_C(0xfff)) + PICK(random, offsets));
	emit(&maker->code, i_type(OP_JALR, 0, any_register(maker), target, 0));
}

/* ---- fences ---- */

static void any_fence(struct maker *maker)
{
	static const uint8_t functions[] = {SFENCE_VMA, SFENCE_VMA, HFENCE_VVMA, HFENCE_GVMA, SINVAL_VMA, HINVAL_VVMA, HINVAL_GVMA};
	static const uint32_t others[] = {0x18000073, 0x18100073, 0x0000100f, 0x0ff0000f, 0x8330000f};
	struct random *random = maker->random;
	unsigned address = chance(random, 50) ? 0 : any_register(maker), space = chance(random, 50) ? 0 : any_register(maker);
	if (chance(random, 20)) {
		emit(&maker->code, PICK(random, others));
		return;
	}
	if (address)
		emit_li(&maker->code, address, world_address(maker->world, 1));
	if (space && space != address)
		emit_li(&maker->code, space, pick(random, 5));
	emit(&maker->code, r_type(OP_SYSTEM, 0, PICK(random, functions), 0, address, space));
}

static void all_fences(struct maker *maker)
{
	emit(&maker->code, r_type(OP_SYSTEM, 0, SFENCE_VMA, 0, 0, 0));
	emit(&maker->code, r_type(OP_SYSTEM, 0, HFENCE_GVMA, 0, 0, 0));
	emit(&maker->code, r_type(OP_SYSTEM, 0, HFENCE_VVMA, 0, 0, 0));
}

/* A new page table entry. The fences before it trap in every mode that could not run those after it: what an entry that
 * changes unfenced means, nobody can tell. */
static void slot_remap(struct maker *maker)
{
	struct world *world = maker->world;
	struct random *random = maker->random;
	const struct diff_pte *pte = &world->ptes[world->tame_ptes + pick(random, world->pte_count - world->tame_ptes)];
	unsigned address = any_register(maker), value = other_register(maker, address);
	uint64_t changed = pte->value;
	if (changed >> 63) /* one of a NAPOT range may not differ from the others */
		return;
	switch (pick(random, 3)) {
	case 0:
		changed ^= BIT(pick(random, 8));
		break;
	case 1:
		changed &= ~UINT64_C(0xc0);
		break;
	default: /* pointers stay: another page's level is not known here */
		if (changed & 0xe)
			changed = (world_leaf(world, 0, chance(random, 50)) & 0xff) | (changed & ~UINT64_C(0xff));
	}
	emit_li(&maker->code, address, pte->address);
	emit_li(&maker->code, value, changed);
	all_fences(maker);
	emit(&maker->code, s_type(OP_STORE, 3, address, value, 0));
	all_fences(maker);
}

static void fence(struct maker *maker, unsigned function, unsigned address, unsigned id)
{
	emit(&maker->code, r_type(OP_SYSTEM, 0, function, 0, address, id));
}

/* In every mode that could not run what follows, these trap; they select nothing that is cached. */
static void guard_fences(struct maker *maker, unsigned address, unsigned id)
{
	emit_li(&maker->code, address, UNUSED_ADDRESS);
	emit_li(&maker->code, id, UNUSED_ID);
	fence(maker, SFENCE_VMA, address, id);
	fence(maker, HFENCE_GVMA, address, id);
	fence(maker, HFENCE_VVMA, address, id);
	emit_csr(&maker->code, CSRRS, id, CSR_HGATP, 0);
}

/* What VS-stages may have cached under any VMID. */
static void fence_guests(struct maker *maker, unsigned address, unsigned id, unsigned scratch, unsigned kept)
{
	emit_csr(&maker->code, CSRRW, kept, CSR_HGATP, 0);
	fence(maker, HFENCE_VVMA, address, id);
	for (unsigned i = 0; i < GUEST_ROOTS; i++) {
		emit_li(&maker->code, scratch, maker->world->hgatp[i]);
		emit_csr(&maker->code, CSRRW, 0, CSR_HGATP, scratch);
		fence(maker, HFENCE_VVMA, address, id);
	}
	emit_csr(&maker->code, CSRRW, 0, CSR_HGATP, kept);
	fence(maker, HFENCE_VVMA, address, id); /* for QEMU, which forgets nothing when hgatp is written */
}

/* Entries that grant S-mode everything, and U in a G-stage. */
static uint64_t good_entry(uint64_t address, bool guest_stage)
{
	return address >> 12 << 10 | 0xcf | (guest_stage ? 0x10 : 0);
}

static void store_entry(struct maker *maker, unsigned address, unsigned value, uint64_t place, uint64_t entry)
{
	emit_li(&maker->code, address, place);
	emit_li(&maker->code, value, entry);
	emit(&maker->code, s_type(OP_STORE, 3, address, value, 0));
}

/* As a hypervisor: a guest's mapping is used, changed, fenced by no more than it takes, and used again. */
static void slot_remap_narrowly(struct maker *maker)
{
	struct world *world = maker->world;
	struct random *random = maker->random;
	struct code *code = &maker->code;
	const struct mapped *mapped = &world->mapped[pick(random, world->mapped_count)];
	const struct diff_pte *pte = &world->ptes[mapped->pte];
	unsigned address = 5 + pick(random, 2), id = 7 + pick(random, 2), scratch = 9 + pick(random, 2), kept = 11 + pick(random, 2);
	if (pte->value >> 63)
		return;
	guard_fences(maker, address, id);
	emit_li(code, scratch, BIT(8)); /* as VS-mode */
	emit_csr(code, CSRRS, 0, CSR_HSTATUS, scratch);
	emit_li(code, scratch, mapped->guest_stage ? 0 : world->satp[mapped->id - 1]);
	emit_csr(code, CSRRW, 0, CSR_VSATP, scratch);
	emit_li(code, scratch, mapped->guest_stage ? world->hgatp[mapped->id - 1] : chance(random, 60) ? 0 : PICK(random, world->hgatp));
	emit_csr(code, CSRRW, 0, CSR_HGATP, scratch);
	store_entry(maker, scratch, kept, pte->address, good_entry(mapped->address, mapped->guest_stage));
	all_fences(maker);
	emit_li(code, address, mapped->address + 8 * pick(random, 512));
	emit(code, r_type(OP_SYSTEM, 4, 0x36, 13, address, 0)); /* hlv.d */
	store_entry(maker, scratch, kept, pte->address, (world_leaf(world, 0, mapped->guest_stage) & ~(UINT64_C(0x3ff) << 54)) | 1);
	emit_li(code, id, mapped->id);
	bool any_address = mapped->aliased || chance(random, 30), any_id = chance(random, 20);
	unsigned by_address = any_address ? 0 : address, by_id = any_id ? 0 : id;
	if (mapped->guest_stage) {
		emit(code, i_type(OP_IMM, 5, scratch, address, 2)); /* without its two lowest bits */
		fence(maker, HFENCE_GVMA, by_address ? scratch : 0, by_id);
	} else {
		fence(maker, SFENCE_VMA, by_address, by_id);
		fence_guests(maker, by_address, by_id, scratch, kept);
	}
	emit(code, r_type(OP_SYSTEM, 4, 0x36, 14, address, 0));
}

static void emit_access(struct maker *maker, unsigned value, unsigned address, bool store)
{
	emit(&maker->code, store ? s_type(OP_STORE, 3, address, value, 0) : i_type(0x03, 3, value, address, 0));
}

/* HS or VS with tables of its own: a mapping is used, changed, fenced by no more than it takes, and used again. */
static void slot_edit(struct maker *maker)
{
	struct world *world = maker->world;
	struct random *random = maker->random;
	struct code *code = &maker->code;
	unsigned address = 5 + pick(random, 2), id = 7 + pick(random, 2), scratch = 9 + pick(random, 2), kept = 11 + pick(random, 2);
	bool superpage = chance(random, 30), store = chance(random, 40);
	uint64_t page = DATA + (uint64_t)pick(random, DATA_PAGES) * 4096, at = page + 8 * pick(random, 512);
	uint64_t place = world->own.table[0] + (page >> 12 & 511) * 8;
	if (superpage) { /* where, without translation, nothing is */
		at += UINT64_C(32) << 21;
		place = world->own.table[1] + (at >> 21 & 511) * 8;
		page = REGION;
	}
	emit(code, SFENCE_VMA_ALL);
	emit_csr(code, CSRRS, kept, CSR_SATP, 0);
	emit_li(code, scratch, world->own.satp);
	emit_csr(code, CSRRW, 0, CSR_SATP, scratch);
	store_entry(maker, address, scratch, place, good_entry(page, false));
	emit(code, SFENCE_VMA_ALL);
	emit_li(code, address, at);
	emit_li(code, id, ROOTS + 1);
	emit_access(maker, 13, address, store);
	unsigned fenced = address;
	if (superpage && chance(random, 70)) /* any of its addresses will do */
		fenced = 15;
	store_entry(maker, scratch, 14, place, (world_leaf(world, superpage, false) & ~(UINT64_C(0x3ff) << 54)) | 1);
	if (fenced == 15)
		emit_li(code, 15, (at & -(UINT64_C(1) << 21)) + pick(random, 1u << 21));
	fence(maker, SFENCE_VMA, chance(random, 25) ? 0 : fenced, chance(random, 25) ? 0 : id);
	emit_access(maker, 14, address, store);
	emit_csr(code, CSRRW, 0, CSR_SATP, kept);
}

/* ---- computing ---- */

static const struct {
	uint32_t match, mask;
	uint8_t ext, class;
} rows[] = {
#define INSN(id, name, match, mask, format, extension, class, ...) {match, mask, EXT_##extension, CLASS_##class},
#include "isa/insn.def"
#undef INSN
};

enum kind { INTEGER, FLOATING, EXTENDED, EXTENDED_AMO };

static bool is_extended(unsigned row)
{
	switch (rows[row].ext) {
	case EXT_Zfa:
	case EXT_DZfa:
	case EXT_Zfh:
	case EXT_Zfhmin:
	case EXT_ZfhZfa:
	case EXT_DZfhmin:
	case EXT_Zicond:
	case EXT_Zimop:
	case EXT_Zcb:
	case EXT_Zcmop:
		return true;
	default:
		return false;
	}
}

static bool accesses_memory(unsigned row)
{
	unsigned class = rows[row].class;
	return class == CLASS_LOAD || class == CLASS_STORE || class == CLASS_FLOAD || class == CLASS_FSTORE;
}

/* The first two: what QEMU 7.2 has too, and does right. The others are illegal there, as `--isa` makes them here. */
static bool wanted(unsigned row, enum kind kind)
{
	bool floating = kind == FLOATING;
	if (kind == EXTENDED)
		return is_extended(row) && !accesses_memory(row);
	if (kind == EXTENDED_AMO)
		return rows[row].ext == EXT_Zacas || rows[row].ext == EXT_Zabha || rows[row].ext == EXT_ZabhaZacas;
	if (rows[row].match == CTZW)
		return false;
	switch (rows[row].ext) {
	case EXT_F:
	case EXT_D:
		return floating && rows[row].class != CLASS_FLOAD && rows[row].class != CLASS_FSTORE;
	case EXT_I:
	case EXT_M:
	case EXT_Zba:
	case EXT_Zbb:
	case EXT_ZbbZbkb:
	case EXT_Zbkb:
	case EXT_Zbc:
	case EXT_ZbcZbkc:
	case EXT_Zbkx:
	case EXT_Zbs:
	case EXT_Zknd:
	case EXT_Zkne:
	case EXT_ZkndZkne:
	case EXT_Zknh:
		return !floating && rows[row].class <= CLASS_DIV;
	default:
		return false;
	}
}

static uint32_t any_operands(struct maker *maker, unsigned row)
{
	static const uint8_t places[] = {7, 15, 20};
	uint32_t operands = (uint32_t)random_word(maker->random);
	for (unsigned i = 0; i < 3; i++)
		operands = (operands & ~(31u << places[i])) | any_register(maker) << places[i];
	if ((rows[row].match & 0x7f) == 0x53 || (rows[row].match & 0x43) == 0x43) {
		static const uint8_t rounding[] = {0, 1, 2, 3, 4, 7, 7, 7, 7, 5};
		operands = (operands & ~(7u << 12)) | (uint32_t)PICK(maker->random, rounding) << 12;
	}
	return rows[row].match | (operands & ~rows[row].mask);
}

static unsigned any_row(struct maker *maker, enum kind kind)
{
	unsigned row;
	do
		row = pick(maker->random, sizeof rows / sizeof rows[0]);
	while (!wanted(row, kind));
	return row;
}

static void compute(struct maker *maker, enum kind kind)
{
	unsigned row = any_row(maker, kind);
	/* sources of shifts and rotates as immediates share places with rs2: any value does */
	if ((rows[row].match & 3) == 3)
		emit(&maker->code, any_operands(maker, row));
	else
		emit16(&maker->code, rows[row].match | ((unsigned)random_word(maker->random) & ~rows[row].mask));
}

static void slot_extended(struct maker *maker)
{
	/* cbo.inval, clean, flush, zero */
	static const uint32_t cache[] = {0x0000200f, 0x0010200f, 0x0020200f, 0x0040200f};
	struct random *random = maker->random;
	unsigned base = any_register(maker), row = any_row(maker, EXTENDED_AMO), width = rows[row].match >> 12 & 7;
	switch (pick(random, 3)) {
	case 0:
		emit_li(&maker->code, base, world_address(maker->world, 1));
		emit(&maker->code, PICK(random, cache) | base << 15);
		break;
	case 1:
		base = width == 4 ? base & ~1u : base; /* amocas.q has pairs of registers: x6 to x15 */
		emit_li(&maker->code, base, world_address(maker->world, 1u << width) & -(UINT64_C(1) << width));
		unsigned rd = width == 4 ? 6 + 2 * pick(random, 5) : any_register(maker);
		unsigned rs2 = width == 4 ? 6 + 2 * pick(random, 5) : any_register(maker);
		emit(&maker->code, rows[row].match | rd << 7 | base << 15 | rs2 << 20);
		break;
	default:
		for (unsigned i = pick(random, 3) + 1; i > 0; i--)
			compute(maker, EXTENDED);
	}
}

static void slot_compute(struct maker *maker)
{
	for (unsigned i = pick(maker->random, 6) + 1; i > 0; i--)
		compute(maker, INTEGER);
}

static void slot_float(struct maker *maker)
{
	for (unsigned i = pick(maker->random, 3) + 1; i > 0; i--)
		compute(maker, FLOATING);
}

static void slot_fence(struct maker *maker)
{
	any_fence(maker);
}

static void slot_csrs(struct maker *maker)
{
	for (unsigned i = pick(maker->random, 3) + 1; i > 0; i--)
		slot_csr(maker);
}

/* ---- all of them ---- */

static const struct {
	void (*make)(struct maker *maker);
	unsigned weight;
} kinds[] = {
    {slot_csrs, 34},
    {slot_csr_number, 6},
    {slot_memory, 20},
    {slot_guest_memory, 12},
    {slot_mret, 5},
    {slot_sret, 9},
    {slot_call, 8},
    {slot_wait, 3},
    {slot_jump, 6},
    {slot_fence, 6},
    {slot_remap, 4},
    {slot_remap_narrowly, 4},
    {slot_edit, 5},
    {slot_modify_privilege, 5},
    {slot_compressed_memory, 4},
    {slot_float_memory, 4},
    {slot_atomic, 5},
    {slot_reservation, 3},
    {slot_compute, 8},
    {slot_float, 5},
    {slot_extended, 6},
};

void slot_make(struct maker *maker)
{
	unsigned total = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		total += kinds[i].weight;
	unsigned left = pick(maker->random, total);
	size_t kind = 0;
	while (left >= kinds[kind].weight)
		left -= kinds[kind++].weight;
	kinds[kind].make(maker);
}

void slot_initialize(struct maker *maker)
{
	slot_csr_initialize(maker);
	emit(&maker->code, i_type(OP_JALR, 0, 0, 1, 0));
}
