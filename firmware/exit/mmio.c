/*
 * Device accesses: what instruction it was, from htinst or from the guest's memory, and its effect.
 *
 * A hart may give the trapping instruction in htinst in transformed form (rs1 holds the distance from the access's
 * address to the part of it that faulted, bit 1 tells a 32-bit from a 16-bit original), or write 0 there; then it is
 * fetched with HLVX.
 */
#include "arch/csr.h"
#include "exit/access.h"
#include "exit/causes.h"
#include "vdev/device.h"
#include "vm/guest_memory.h"
#include "vm/vcpu.h"
#include "vm/zone_device.h"

struct mmio_instruction {
	struct memory_access access;
	uint32_t length;  /* of the instruction, bytes */
	uint64_t address; /* of the access; of the virtual address only the lowest 48 bits are sure */
};

enum lookup { FOUND, NOT_FOR_DEVICES, CHANGED };

/* Bit 0 is set in every transformed instruction, and in values of a hart's own choice: those say nothing here. */
static bool from_htinst(const struct vcpu *vcpu, struct mmio_instruction *found)
{
	uint32_t htinst = (uint32_t)vcpu->regs.trap.htinst;

	found->length = htinst & 2 ? 4 : 2;
	if (!(htinst & 1) || !access_decode_32(htinst | 3, &found->access))
		return false;
	found->address = vcpu->regs.trap.stval - found->access.base;
	return true;
}

/*
 * Somebody may have written to the code, or to its page tables, since the hart read them. What is there now need not
 * be what trapped: it is, if it is such an access to this address. Pointer masking leaves 48 bits of that.
 */
static enum lookup from_memory(const struct vcpu *vcpu, struct mmio_instruction *found)
{
	const struct memory_access *access = &found->access;
	uint32_t instruction;

	if (!guest_fetch(vcpu, vcpu->regs.guest.sepc, &instruction))
		return CHANGED;
	if (!access_decode(instruction, &found->access))
		return access_is_other(instruction) ? NOT_FOR_DEVICES : CHANGED;
	found->length = (instruction & 3) == 3 ? 4 : 2;
	found->address = vcpu->regs.guest.x[access->base] + (uint64_t)access->offset;
	bool touches = ((vcpu->regs.trap.stval - found->address) & (BIT(48) - 1)) < access->width;
	return touches && access->is_store == (vcpu->regs.trap.scause == EXC_STORE_GUEST_PAGE_FAULT) ? FOUND : CHANGED;
}

static uint64_t sign_extend(uint64_t value, uint32_t width)
{
	unsigned unused_bits = 64 - 8 * width;

	return (uint64_t)((int64_t)(value << unused_bits) >> unused_bits);
}

static uint64_t reverse_bytes(uint64_t value, uint32_t width)
{
	uint64_t reversed = 0;

	for (; width; width--, value >>= 8)
		reversed = reversed << 8 | (value & 0xff);
	return reversed;
}

/* Between the guest's registers and what goes over the bus, in the guest's byte order. */
static uint64_t register_to_bus(struct vcpu *vcpu, const struct memory_access *access)
{
	uint64_t value = access->is_fp ? vcpu_read_fp(vcpu, access->reg) : vcpu->regs.guest.x[access->reg];

	return vcpu_is_big_endian(vcpu) ? reverse_bytes(value, access->width) : value;
}

static void bus_to_register(struct vcpu *vcpu, const struct memory_access *access, uint64_t value)
{
	if (vcpu_is_big_endian(vcpu))
		value = reverse_bytes(value, access->width);
	if (access->is_fp)
		vcpu_write_fp(vcpu, access->reg, value, access->width);
	else if (access->reg)
		vcpu->regs.guest.x[access->reg] = access->is_signed ? sign_extend(value, access->width) : value;
}

/* Devices take naturally aligned accesses of their own widths, as the machine's do. */
static bool serve(struct vcpu *vcpu, const struct mmio_instruction *found, uint64_t gpa)
{
	struct guest_access access = {
	    .gpa = gpa,
	    .width = found->access.width,
	    .is_store = found->access.is_store,
	};

	if (found->address & (found->access.width - 1))
		return false;
	if (access.is_store)
		access.value = register_to_bus(vcpu, &found->access);
	if (!zone_device_access(vcpu->zone, &access))
		return false;
	if (!access.is_store)
		bus_to_register(vcpu, &found->access, access.value);
	vcpu->regs.guest.sepc += found->length;
	return true;
}

bool exit_mmio(struct vcpu *vcpu, uint64_t gpa)
{
	struct mmio_instruction found;

	if (!guest_device_exists(gpa, 1))
		return false;
	if (!zone_can_print(vcpu->zone))
		return true; /* the guest tries again, when some of its output has gone out */
	switch (from_htinst(vcpu, &found) ? FOUND : from_memory(vcpu, &found)) {
	case FOUND: return serve(vcpu, &found, gpa);
	case NOT_FOR_DEVICES: return false;
	default: vcpu_retry(vcpu); return true;
	}
}
