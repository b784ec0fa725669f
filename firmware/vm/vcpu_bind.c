/* Moving what a guest has in the hart besides x registers: VS-level CSRs, G-stage, floating-point registers. */
#include <stddef.h>

#include "arch/csr.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "trap.h"
#include "vm/vcpu.h"
#include "vm/zone.h"

static void load_fp(struct percpu *cpu, struct vcpu *vcpu)
{
	if (!cpu->arch_cpu.has_fp)
		return;
	if (cpu->fp_owner != vcpu) {
		csr_set(sstatus, SSTATUS_FS);
		fp_load(&vcpu->regs.fp);
		cpu->fp_owner = vcpu;
	}
	vcpu->regs.guest.sstatus = (vcpu->regs.guest.sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}

/* The HS-level FS is dirty if the guest wrote any FP register, whatever it then did to its own FS. But QEMU 7.2 does not
 * make it so for fcsr. */
static void store_fp(struct vcpu *vcpu)
{
	if (!vcpu->cpu->arch_cpu.has_fp)
		return;
	csr_set(sstatus, SSTATUS_FS);
	vcpu->regs.fp.fcsr = csr_read(fcsr);
	if ((vcpu->regs.guest.sstatus & SSTATUS_FS) != SSTATUS_FS_DIRTY)
		return;
	fp_save(&vcpu->regs.fp);
	vcpu->regs.guest.sstatus = (vcpu->regs.guest.sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}

uint64_t vcpu_read_fp(struct vcpu *vcpu, uint32_t reg)
{
	csr_set(sstatus, SSTATUS_FS);
	fp_save(&vcpu->regs.fp);
	return vcpu->regs.fp.f[reg];
}

void vcpu_write_fp(struct vcpu *vcpu, uint32_t reg, uint64_t value, uint32_t width)
{
	uint64_t box = width < 8 ? UINT64_MAX << 8 * width : 0;

	csr_set(sstatus, SSTATUS_FS);
	fp_save(&vcpu->regs.fp);
	vcpu->regs.fp.f[reg] = value | box;
	fp_load(&vcpu->regs.fp);
	vcpu->regs.guest.sstatus |= SSTATUS_FS_DIRTY;
	csr_set(vsstatus, SSTATUS_FS_DIRTY);
}

/* Without the guest's own fences the hart might go on with what it remembers, and trap for ever. */
void vcpu_retry(struct vcpu *vcpu)
{
	(void)vcpu;
	hal_flush_vsstage();
	hal_flush_code();
}

static void load_vs_csrs(const struct vs_csrs *vs, const struct arch_cpu *arch)
{
#define LOAD_CSR(name, csr, condition)                                                                                 \
	if (condition)                                                                                                 \
		csr_write(csr, vs->name);
	VS_CSRS(LOAD_CSR)
#undef LOAD_CSR
}

static void store_vs_csrs(struct vs_csrs *vs, const struct arch_cpu *arch)
{
#define STORE_CSR(name, csr, condition)                                                                                \
	if (condition)                                                                                                 \
		vs->name = csr_read(csr);
	VS_CSRS(STORE_CSR)
#undef STORE_CSR
}

/*
 * vCPUs of one zone share a VMID, and their address-space ids may mean different things, so the incoming
 * one must not meet the translations of the outgoing. Without enough VMIDs, zones would meet as well.
 * The fence.i is for code the boot hart, or another vCPU's home, wrote.
 */
static void flush_on_bind(const struct percpu *cpu)
{
	if (!cpu->zone->gstage.vmid || cpu->zone->gstage.vmid > cpu->arch_cpu.vmid_limit)
		hal_flush_gstage_all();
	hal_flush_vsstage();
	hal_flush_code();
}

void vcpu_bind(struct vcpu *vcpu)
{
	struct percpu *cpu = vcpu->cpu;

	if (cpu->bound == vcpu)
		return;
	if (cpu->bound)
		vcpu_unbind(cpu->bound);
	cpu->zone = vcpu->zone;
	zone_get(cpu->zone);
	csr_write(hgatp, vcpu->regs.virtual_hs.hgatp);
	flush_on_bind(cpu);
	hal_drop_reservation();
	load_vs_csrs(&vcpu->regs.vs, &cpu->arch_cpu);
	csr_write(hgeie, vcpu->regs.virtual_hs.hgeie);
	load_fp(cpu, vcpu);
	cpu->bound = vcpu;
}

void vcpu_unbind(struct vcpu *vcpu)
{
	struct percpu *cpu = vcpu->cpu;
	struct zone *zone = cpu->zone;

	store_vs_csrs(&vcpu->regs.vs, &cpu->arch_cpu);
	vcpu->regs.virtual_hs.hie = csr_read(hie);
	vcpu->regs.virtual_hs.hgeie = csr_read(hgeie);
	store_fp(vcpu);
	if (cpu->arch_cpu.has_sstc)
		csr_write(vstimecmp, NO_DEADLINE);
	csr_write(hvip, 0);
	cpu->bound = NULL;
	cpu->zone = NULL;
	csr_write(hgatp, 0);
	zone_put(zone);
}
