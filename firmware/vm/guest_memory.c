#include "vm/guest_memory.h"

#include "arch/csr.h"
#include "vm/vcpu.h"

/* hstatus.SPVP says whose rights HLV uses; in HS-mode it holds whatever the last user left. */
static void use_rights_of(const struct vcpu *vcpu)
{
	csr_clear(hstatus, HSTATUS_SPVP);
	csr_set(hstatus, vcpu->regs.guest.hstatus & HSTATUS_SPVP);
}

#define HLV(instruction, address, out)                                                                                 \
	({                                                                                                             \
		uint64_t ok_ = 0, value_ = 0;                                                                          \
		__asm__ volatile(".option push\n.option arch, +h\n"                                                    \
		                 "1: " instruction " %1, (%2)\n"                                                       \
		                 "   li %0, 1\n"                                                                       \
		                 "2: .option pop\n" EXTABLE("1b", "2b")                                                \
		                 : "+r"(ok_), "+r"(value_)                                                             \
		                 : "r"(address)                                                                        \
		                 : "memory");                                                                          \
		*(out) = value_;                                                                                       \
		ok_ != 0;                                                                                              \
	})

/* HLVX is a load, in the byte order of the guest's data. Instructions are little-endian always. */
static bool fetch_half(const struct vcpu *vcpu, uint64_t pc, uint64_t *half)
{
	if (!HLV("hlvx.hu", pc, half))
		return false;
	if (vcpu_is_big_endian(vcpu))
		*half = (*half >> 8 | *half << 8) & 0xffff;
	return true;
}

bool guest_fetch(const struct vcpu *vcpu, uint64_t pc, uint32_t *instruction)
{
	uint64_t low, high = 0;

	use_rights_of(vcpu);
	if (!fetch_half(vcpu, pc, &low))
		return false;
	if ((low & 3) == 3 && !fetch_half(vcpu, pc + 2, &high))
		return false;
	*instruction = (uint32_t)(high << 16 | low);
	return true;
}

bool guest_load(const struct vcpu *vcpu, uint64_t address, uint64_t *value)
{
	use_rights_of(vcpu);
	return !(address & 7) && HLV("hlv.d", address, value);
}
