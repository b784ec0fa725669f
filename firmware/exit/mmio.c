/*
 * Device accesses: what instruction it was, from htinst or from the guest's memory, and its effect.
 *
 * A hart may give the trapping instruction in htinst in transformed form (rs1 holds the address offset,
 * bit 1 tells a 32-bit from a 16-bit original), or write 0 there; then it is fetched with HLVX.
 */
#include "exit/causes.h"
#include "vdev/device.h"
#include "vm/guest_memory.h"
#include "vm/vcpu.h"
#include "vm/zone_device.h"

struct mmio_instruction {
	uint32_t width; /* bytes */
	bool is_store;
	bool is_signed;
	uint32_t reg;    /* x register that is stored or loaded */
	uint32_t length; /* of the instruction, bytes */
};

#define OPCODE_LOAD 0x03u
#define OPCODE_STORE 0x23u

static uint32_t bit_field(uint32_t value, unsigned high, unsigned low)
{
	return value >> low & ((2u << (high - low)) - 1);
}

/* Integer loads and stores; anything else (atomics, floating point) is not for devices. */
static bool decode_32(uint32_t instruction, struct mmio_instruction *decoded)
{
	uint32_t size = bit_field(instruction, 14, 12);

	decoded->length = 4;
	decoded->width = 1u << (size & 3);
	decoded->is_signed = !(size & 4);
	switch (bit_field(instruction, 6, 0)) {
	case OPCODE_LOAD:
		decoded->is_store = false;
		decoded->reg = bit_field(instruction, 11, 7);
		return size != 7;
	case OPCODE_STORE:
		decoded->is_store = true;
		decoded->reg = bit_field(instruction, 24, 20);
		return size < 4;
	default: return false;
	}
}

/* c.lw c.ld c.sw c.sd (quadrant 0) and c.lwsp c.ldsp c.swsp c.sdsp (quadrant 2). */
static bool decode_16(uint32_t instruction, struct mmio_instruction *decoded)
{
	uint32_t quadrant = bit_field(instruction, 1, 0), function = bit_field(instruction, 15, 13);

	if ((quadrant != 0 && quadrant != 2) || (function & 3) < 2)
		return false;
	decoded->length = 2;
	decoded->width = function & 1 ? 8 : 4;
	decoded->is_signed = true;
	decoded->is_store = function & 4;
	if (quadrant == 0)
		decoded->reg = 8 + bit_field(instruction, 4, 2);
	else
		decoded->reg = decoded->is_store ? bit_field(instruction, 6, 2) : bit_field(instruction, 11, 7);
	return true;
}

enum lookup { FOUND, NOT_AN_ACCESS, GONE };

/* Bit 0 is set in every transformed instruction; pseudoinstructions (a page table walk's access) have it clear. */
static enum lookup find_instruction(const struct vcpu *vcpu, struct mmio_instruction *decoded)
{
	uint32_t htinst = (uint32_t)vcpu->regs.trap.htinst;
	uint32_t instruction;

	if (htinst & 1) {
		bool ok = decode_32(htinst | 2, decoded) &&
		          !bit_field(htinst, 19, 15); /* else only part of it is here */
		decoded->length = htinst & 2 ? 4 : 2;
		return ok ? FOUND : NOT_AN_ACCESS;
	}
	if (htinst)
		return NOT_AN_ACCESS;
	if (!guest_fetch(vcpu, vcpu->regs.guest.sepc, &instruction))
		return GONE;
	bool wide = (instruction & 3) == 3;
	return (wide ? decode_32(instruction, decoded) : decode_16(instruction, decoded)) ? FOUND : NOT_AN_ACCESS;
}

static uint64_t sign_extend(uint64_t value, uint32_t width)
{
	unsigned unused_bits = 64 - 8 * width;

	return (uint64_t)((int64_t)(value << unused_bits) >> unused_bits);
}

bool exit_mmio(struct vcpu *vcpu, uint64_t gpa)
{
	struct guest_registers *guest = &vcpu->regs.guest;
	struct mmio_instruction decoded;

	if (!guest_device_exists(gpa, 1))
		return false;
	if (!zone_can_print(vcpu->zone))
		return true; /* the guest tries again, when some of its output has gone out */
	switch (find_instruction(vcpu, &decoded)) {
	case FOUND: break;
	case NOT_AN_ACCESS: return false;
	case GONE: return true; /* the guest fetches it again, and takes that fault itself */
	}
	struct guest_access access = {
	    .gpa = gpa,
	    .width = decoded.width,
	    .is_store = decoded.is_store,
	    .value = decoded.is_store ? guest->x[decoded.reg] : 0,
	};
	if (!zone_device_access(vcpu->zone, &access))
		return false;
	if (!decoded.is_store && decoded.reg)
		guest->x[decoded.reg] = decoded.is_signed ? sign_extend(access.value, access.width) : access.value;
	guest->sepc += decoded.length;
	return true;
}
