/* Loads, stores, atomics: plain, compressed, floating-point, as a guest, with MPRV. */
#include "slots.h"

enum { OP_LOAD = 0x03, OP_FLOAD = 0x07, OP_FSTORE = 0x27, OP_AMO = 0x2f, FUNCT3_HYPERVISOR = 4 };
enum { SFENCE_VMA = 0x12000073 };
#define MSTATUS_MPRV (UINT64_C(1) << 17)

/* Address into x[base], with a displacement that reaches `address` taken off; returns the displacement. */
static int load_base(struct maker *maker, unsigned base, uint64_t address)
{
	int displacement = chance(maker->random, 50) ? 0 : (int)pick(maker->random, 4096) - 2048;
	emit_li(&maker->code, base, address - (uint64_t)(int64_t)displacement);
	return displacement;
}

static void access(struct maker *maker)
{
	struct random *random = maker->random;
	unsigned width = pick(random, 4), base = any_register(maker);
	int displacement = load_base(maker, base, world_address(maker->world, 1u << width));
	if (chance(random, 45)) {
		emit(&maker->code, s_type(OP_STORE, width, base, any_register(maker), displacement));
		return;
	}
	unsigned zero_extended = width < 3 && chance(random, 40) ? 4 : 0;
	emit(&maker->code, i_type(OP_LOAD, width | zero_extended, chance(random, 5) ? 0 : any_register(maker), base, displacement));
}

void slot_memory(struct maker *maker)
{
	access(maker);
	if (chance(maker->random, 30))
		access(maker);
}

/* c.lw, c.ld, c.sw, c.sd, c.fld, c.fsd with registers of x8..x15 and small displacements. */
void slot_compressed_memory(struct maker *maker)
{
	static const uint16_t words[] = {0x4000, 0xc000}, doubles[] = {0x6000, 0xe000, 0x2000, 0xa000};
	struct random *random = maker->random;
	bool word = chance(random, 40);
	unsigned base = 8 + pick(random, 8), data = 8 + pick(random, 8), scaled = pick(random, 32), size = word ? 4 : 8;
	emit_li(&maker->code, base, world_address(maker->world, size) - scaled * size);
	unsigned half = (word ? PICK(random, words) : PICK(random, doubles)) | (base - 8) << 7 | (data - 8) << 2;
	if (word) /* displacement bits 5:3 at 12:10, 2 at 6, 6 at 5 */
		half |= (scaled >> 1 & 7) << 10 | (scaled & 1) << 6 | (scaled >> 4 & 1) << 5;
	else /* bits 5:3 at 12:10, 7:6 at 6:5 */
		half |= (scaled & 7) << 10 | (scaled >> 3 & 3) << 5;
	emit16(&maker->code, half);
}

void slot_float_memory(struct maker *maker)
{
	struct random *random = maker->random;
	unsigned width = chance(random, 15) ? 1 : 2 + pick(random, 2), base = any_register(maker);
	int displacement = load_base(maker, base, world_address(maker->world, 1u << width));
	if (chance(random, 50))
		emit(&maker->code, i_type(OP_FLOAD, width, pick(random, 32), base, displacement));
	else
		emit(&maker->code, s_type(OP_FSTORE, width, base, pick(random, 32), displacement));
}

static uint32_t amo(unsigned funct5, unsigned width, unsigned rd, unsigned base, unsigned rs2)
{
	return r_type(OP_AMO, width, funct5 << 2, rd, base, rs2);
}

/* Mostly aligned: misaligned atomics are what implementations may choose about. */
static uint64_t atomic_address(struct maker *maker, unsigned width)
{
	uint64_t address = world_address(maker->world, 1u << width);
	return maker->world->wild ? address : address & -(UINT64_C(1) << width);
}

void slot_atomic(struct maker *maker)
{
	static const uint8_t operations[] = {0x00, 0x01, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c};
	struct random *random = maker->random;
	unsigned width = 2 + pick(random, 2), base = any_register(maker);
	emit_li(&maker->code, base, atomic_address(maker, width));
	emit(&maker->code, amo(PICK(random, operations), width, chance(random, 10) ? 0 : any_register(maker), base, any_register(maker)));
}

/* A pair, so that whether a reservation was there does not depend on what came before. */
void slot_reservation(struct maker *maker)
{
	struct random *random = maker->random;
	unsigned width = 2 + pick(random, 2), base = any_register(maker), read = other_register(maker, base);
	emit_li(&maker->code, base, atomic_address(maker, width));
	emit(&maker->code, amo(0x02, width, read, base, 0));
	if (chance(random, 80))
		emit(&maker->code, amo(0x03, width, any_register(maker), base, any_register(maker)));
}

void slot_guest_memory(struct maker *maker)
{
	static const uint8_t loads[][3] = {{0x30, 0, 0}, {0x30, 1, 0}, {0x32, 0, 1}, {0x32, 1, 1}, {0x32, 3, 1},
	                                   {0x34, 0, 2}, {0x34, 1, 2}, {0x34, 3, 2}, {0x36, 0, 3}};
	struct random *random = maker->random;
	unsigned base = any_register(maker);
	if (chance(random, 35)) {
		unsigned width = pick(random, 4);
		emit_li(&maker->code, base, world_address(maker->world, 1u << width));
		emit(&maker->code, r_type(OP_SYSTEM, FUNCT3_HYPERVISOR, 0x31 + 2 * width, 0, base, any_register(maker)));
		return;
	}
	const uint8_t *load = loads[pick(random, sizeof loads / sizeof loads[0])];
	emit_li(&maker->code, base, world_address(maker->world, 1u << load[2]));
	emit(&maker->code, r_type(OP_SYSTEM, FUNCT3_HYPERVISOR, load[0], chance(random, 5) ? 0 : any_register(maker), base, load[1]));
}

/* M-mode reads and writes as another mode would. */
void slot_modify_privilege(struct maker *maker)
{
	struct random *random = maker->random;
	unsigned scratch = any_register(maker);
	uint64_t fields = UINT64_C(3) << 11 | UINT64_C(1) << 39 | UINT64_C(3) << 18;
	uint64_t value = (random_word(random) & (UINT64_C(1) << 39 | UINT64_C(3) << 18)) | (uint64_t)(pick(random, 3) % 2) << 11;
	if (chance(random, 10)) /* without MPV, which QEMU obeys even then */
		value = (value | UINT64_C(3) << 11) & ~(UINT64_C(1) << 39);
	emit_csr_field(&maker->code, scratch, 0x300, fields | MSTATUS_MPRV, value | MSTATUS_MPRV);
	emit(&maker->code, SFENCE_VMA); /* QEMU keeps what it translated for MPRV with that of HS */
	access(maker);
	emit(&maker->code, SFENCE_VMA);
	emit_csr_field(&maker->code, scratch, 0x300, MSTATUS_MPRV, 0);
}
