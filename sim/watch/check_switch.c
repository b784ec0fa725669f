/* --check worldswitch: a vCPU goes on as it left, but for what its exit's cause entitles the hypervisor to. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/bus.h"
#include "csr/csr.h"
#include "hart/mmu.h"
#include "isa/insn.h"
#include "watch/check_state.h"
#include "trace/world.h"

enum { REG_TP = 4, REG_A0 = 10, REG_A1 = 11, REG_A7 = 17 };

/* SBI extensions, in a7. */
enum { SBI_LEGACY_SHUTDOWN = 8, SBI_HSM = 0x48534d, SBI_SRST = 0x53525354 };

static const struct {
	uint16_t number;
	const char *name;
} vs_csrs[VS_COUNT] = {
    [VS_VSSTATUS] = {CSR_vsstatus, "vsstatus"},
    [VS_VSIE] = {CSR_vsie, "vsie"},
    [VS_VSTVEC] = {CSR_vstvec, "vstvec"},
    [VS_VSSCRATCH] = {CSR_vsscratch, "vsscratch"},
    [VS_VSEPC] = {CSR_vsepc, "vsepc"},
    [VS_VSCAUSE] = {CSR_vscause, "vscause"},
    [VS_VSTVAL] = {CSR_vstval, "vstval"},
    [VS_VSATP] = {CSR_vsatp, "vsatp"},
    [VS_VSTIMECMP] = {CSR_vstimecmp, "vstimecmp"},
};

static void read_vs(const struct hart *hart, uint64_t *vs)
{
	for (unsigned i = 0; i < VS_COUNT; i++)
		if (!csr_peek(hart, vs_csrs[i].number, &vs[i]))
			vs[i] = 0;
}

/* NULL: no memory. */
static struct vcpu_image *add_vcpu(struct check *check, uint64_t sscratch, unsigned vmid, bool anonymous)
{
	struct vcpu_image *vcpu = calloc(1, sizeof(*vcpu));
	if (!vcpu || ARRAY_RESERVE(check->vcpus, check->vcpu_count, 1, &check->vcpu_capacity)) {
		free(vcpu);
		return NULL;
	}
	vcpu->sscratch = sscratch;
	vcpu->vmid = vmid;
	vcpu->anonymous = anonymous;
	check->vcpus[check->vcpu_count++] = vcpu;
	return vcpu;
}

/* A hypervisor that keeps sscratch 0 while guests run gives its vCPUs no names. */
struct vcpu_image *check_vcpu(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	bool anonymous = event->value[1] == 0;
	uint64_t sscratch = anonymous ? hart->id : event->value[1];
	unsigned vmid = (unsigned)((event->value[2] & hgatp_VMID) >> hgatp_VMID_LOW);
	for (size_t i = 0; i < check->vcpu_count; i++) {
		struct vcpu_image *vcpu = check->vcpus[i];
		if (vcpu->sscratch == sscratch && vcpu->vmid == vmid && vcpu->anonymous == anonymous)
			return vcpu;
	}
	return add_vcpu(check, sscratch, vmid, anonymous);
}

/* Those whose registers are compared. */
static struct vcpu_image *named_vcpu(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	return event->value[1] ? check_vcpu(check, hart, event) : NULL;
}

void check_switch_forget(struct check *check)
{
	for (size_t i = 0; i < check->vcpu_count; i++)
		free(check->vcpus[i]);
	check->vcpu_count = 0;
}

void check_switch_free(struct check *check)
{
	check_switch_forget(check);
	free(check->vcpus);
}

/* ---- exit ---- */

/* Where two bytes of guest code are by the tables, and where the hart fetches them: a TLB may still say otherwise. 0: nowhere. */
static uint64_t code_by_tables(struct hart *hart, enum mode mode, uint64_t pc)
{
	struct mmu_context context = {.mode = mode};
	struct translation translation;
	struct trap trap;
	bool found = mmu_walk(hart, pc, 2, ACCESS_FETCH, &context, false, NULL, NULL, &translation, &trap);
	return found && bus_is_dram(hart->bus, translation.pa, 2) ? translation.pa : 0;
}

static uint64_t code_by_tlb(struct hart *hart, enum mode mode, uint64_t pc)
{
	struct mmu_context context = {.mode = mode};
	struct translation translation;
	bool found = mmu_look(hart, pc, ACCESS_FETCH, &context, &translation);
	return found && bus_is_dram(hart->bus, translation.pa, 2) ? translation.pa : 0;
}

/* Half `half` of the instruction that trapped; from now on stores there are heard of. */
static bool read_guest_half(struct hart *hart, struct vcpu_image *vcpu, unsigned half, uint16_t *bits)
{
	uint64_t pc = vcpu->pc + 2 * (uint64_t)half, pa = code_by_tlb(hart, vcpu->mode, pc);
	vcpu->insn.pa[half] = pa;
	if (!pa)
		return false;
	vcpu->insn.rewritten |= pa != code_by_tables(hart, vcpu->mode, pc);
	bus_flag(hart->bus, pa, PAGE_LOOK);
	return bus_peek(hart->bus, pa, bits, sizeof(*bits));
}

static bool fetch_insn(struct hart *hart, struct vcpu_image *vcpu, uint32_t *word)
{
	uint16_t low, high = 0;
	if (!read_guest_half(hart, vcpu, 0, &low) || ((low & 3) == 3 && !read_guest_half(hart, vcpu, 1, &high)))
		return false;
	*word = low | (uint32_t)high << 16;
	return true;
}

void check_switch_stored(struct check *check, uint64_t pa, unsigned size)
{
	for (size_t i = 0; i < check->vcpu_count; i++)
		for (unsigned half = 0; half < 2; half++) {
			uint64_t at = check->vcpus[i]->insn.pa[half];
			if (at && at < pa + size && pa < at + 2)
				check->vcpus[i]->insn.rewritten = true;
		}
}

/* Is the instruction still where it was? Guests may change their tables. */
static bool has_moved(struct hart *hart, const struct vcpu_image *vcpu)
{
	for (unsigned half = 0; half < 2; half++)
		if (vcpu->insn.pa[half] &&
		    code_by_tables(hart, vcpu->mode, vcpu->pc + 2 * (uint64_t)half) != vcpu->insn.pa[half])
			return true;
	return false;
}

/* From memory; or where that cannot be read, from htinst or mtinst: a transformed instruction has bit 0 set, and bit 1
 * clear when it was compressed. Its rd is the original one. */
static void read_insn(struct hart *hart, enum mode taken_in, struct vcpu_image *vcpu)
{
	memset(&vcpu->insn, 0, sizeof(vcpu->insn));
	uint32_t word, tinst = (uint32_t)(taken_in == MODE_M ? hart->csr.mtinst : hart->csr.htinst);
	bool fetched = fetch_insn(hart, vcpu, &word);
	vcpu->insn.known = fetched || tinst & 1;
	if (!vcpu->insn.known)
		return;
	struct insn insn = decode(&hart->isa, fetched ? word : tinst | 2);
	vcpu->insn.sret = insn.semantics == INSN_sret;
	vcpu->insn.length = fetched ? insn.length : tinst & 2 ? 4 : 2;
	vcpu->insn.x_written = insn_writes_x(&insn) ? 1u << insn.rd : 0;
	vcpu->insn.f_written = insn_writes_f(&insn) ? 1u << insn.rd : 0;
	if (insn_rows[insn.semantics].class == CLASS_CSR)
		vcpu->insn.csr_written = (uint16_t)(insn.imm & 0xfff);
}

static void save_fp(const struct hart *hart, struct vcpu_image *vcpu)
{
	if (!(hart->csr.mstatus & mstatus_FS))
		return; /* the hart does not hold this guest's: what was expected before still is */
	vcpu->f_known = hart->csr.vsstatus & vsstatus_FS;
	vcpu->f_free = 0;
	memcpy(vcpu->f, hart->f, sizeof(vcpu->f));
	vcpu->fcsr = hart->csr.fcsr;
}

static bool is_ecall(const struct vcpu_image *vcpu)
{
	return vcpu->cause == CAUSE_ECALL_VS || vcpu->cause == CAUSE_ECALL_U;
}

static bool asks_for_reset(const struct vcpu_image *vcpu) { return is_ecall(vcpu) && vcpu->x[REG_A7] == SBI_SRST; }

/* All vCPUs of the zone may start anew, or none may: the call was refused. */
static void expect_reset(struct check *check, unsigned vmid, bool anew)
{
	for (size_t i = 0; i < check->vcpu_count; i++)
		if (check->vcpus[i]->vmid == vmid)
			check->vcpus[i]->anew = anew;
}

void check_switch_exit(struct check *check, struct hart *hart, const struct trace_event *event)
{
	struct vcpu_image *vcpu = named_vcpu(check, hart, event);
	if (!vcpu)
		return;
	vcpu->running = false;
	vcpu->complete = true;
	vcpu->mode = (enum mode)event->from;
	vcpu->cause = event->value[0];
	vcpu->pc = event->mode == MODE_M ? hart->csr.mepc : hart->csr.sepc;
	memcpy(vcpu->x, hart->x, sizeof(vcpu->x));
	read_vs(hart, vcpu->vs);
	save_fp(hart, vcpu);
	if (vcpu->cause >> 63)
		memset(&vcpu->insn, 0, sizeof(vcpu->insn));
	else
		read_insn(hart, (enum mode)event->mode, vcpu);
	if (asks_for_reset(vcpu))
		expect_reset(check, vcpu->vmid, true);
}

/* ---- what an exit entitles to ---- */

/* One way for a guest to go on. */
struct way {
	uint64_t pc;
	enum mode mode;
	uint32_t x_free, f_free; /* registers that may change */
	uint32_t vs_free; /* VS CSRs, 1 << VS_... */
	bool reflects; /* an exception delivered to VS-mode: vsepc and parts of vsstatus too */
};

enum { WAYS_MAX = 4 };

/* The guest's own writes to stimecmp and satp, where henvcfg.STCE and hstatus.VTVM make them trap. */
static uint32_t csrs_emulated(const struct vcpu_image *vcpu)
{
	bool unknown = !vcpu->insn.known || vcpu->insn.rewritten;
	if (vcpu->cause != CAUSE_VIRTUAL)
		return 0;
	return 1u << VS_VSTIMECMP | (unknown || vcpu->insn.csr_written == CSR_satp ? 1u << VS_VSATP : 0);
}

/* Emulated, or skipped: behind the instruction, with its results. */
static unsigned add_advance(const struct vcpu_image *vcpu, struct way *ways, unsigned count)
{
	struct way way = {.mode = vcpu->mode};
	if (vcpu->cause == CAUSE_FETCH_GUEST_PAGE || vcpu->cause == CAUSE_FETCH_PAGE ||
	    vcpu->cause == CAUSE_FETCH_ACCESS)
		return count; /* there is no instruction to emulate */
	if (is_ecall(vcpu)) {
		way.pc = vcpu->pc + 4;
		way.x_free = 1u << REG_A0 | 1u << REG_A1;
		way.vs_free = 1u << VS_VSTIMECMP; /* SBI TIME */
	} else if (vcpu->insn.known && !vcpu->insn.rewritten) {
		way.pc = vcpu->pc + vcpu->insn.length;
		way.x_free = vcpu->insn.x_written;
		way.f_free = vcpu->insn.f_written;
		way.vs_free = csrs_emulated(vcpu);
	} else {
		/* Unknown instruction: either length, any result. */
		way.vs_free = csrs_emulated(vcpu);
		way.x_free = way.f_free = UINT32_MAX;
		way.pc = vcpu->pc + 2;
		ways[count++] = way;
		way.pc = vcpu->pc + 4;
	}
	ways[count++] = way;
	return count;
}

static unsigned find_ways(const struct vcpu_image *vcpu, struct way *ways)
{
	unsigned count = 0;
	ways[count++] = (struct way){.pc = vcpu->pc, .mode = vcpu->mode}; /* once more: nothing may change */
	if (vcpu->cause >> 63)
		return count;
	count = add_advance(vcpu, ways, count);
	ways[count++] = (struct way){
	    .pc = vcpu->vs[VS_VSTVEC] & ~UINT64_C(3),
	    .mode = MODE_VS,
	    .vs_free = 1u << VS_VSEPC | 1u << VS_VSCAUSE | 1u << VS_VSTVAL | 1u << VS_VSSTATUS,
	    .reflects = true,
	};
	return count;
}

/* May the guest go on anywhere? After SBI calls that end in a fresh start: hart_stop (then another's hart_start),
 * hart_suspend, a reset. After a trapped sret (hstatus.VTSR): emulated. */
static bool anywhere(const struct vcpu_image *vcpu)
{
	uint64_t extension = vcpu->x[REG_A7];
	if (vcpu->anew)
		return true;
	if (is_ecall(vcpu))
		return extension == SBI_HSM || extension == SBI_SRST || extension == SBI_LEGACY_SHUTDOWN;
	return vcpu->insn.known && vcpu->cause == CAUSE_VIRTUAL && (vcpu->insn.sret || vcpu->insn.rewritten);
}

/* ---- entry ---- */

/* What is wrong with going on this way: name, value found and value expected. NULL: nothing. */
struct fault {
	const char *name;
	uint64_t found, expected;
};

static bool differs(struct fault *fault, const char *name, uint64_t found, uint64_t expected)
{
	*fault = (struct fault){name, found, expected};
	return found != expected;
}

static bool wrong_vs(const struct vcpu_image *vcpu, const struct way *way, const uint64_t *vs, struct fault *fault)
{
	const uint64_t trap_bits = vsstatus_SIE | vsstatus_SPIE | vsstatus_SPP | vsstatus_SDT;
	for (unsigned i = 0; i < VS_COUNT; i++)
		if (!(way->vs_free >> i & 1) && differs(fault, vs_csrs[i].name, vs[i], vcpu->vs[i]))
			return true;
	if (!way->reflects)
		return false;
	return differs(fault, "vsepc", vs[VS_VSEPC], vcpu->pc) ||
	       differs(fault, "vsstatus", vs[VS_VSSTATUS] & ~trap_bits, vcpu->vs[VS_VSSTATUS] & ~trap_bits);
}

static bool wrong_fp(const struct hart *hart, const struct vcpu_image *vcpu, const struct way *way, struct fault *fault)
{
	if (!vcpu->f_known || !(hart->csr.mstatus & mstatus_FS) || !(hart->csr.vsstatus & vsstatus_FS))
		return false;
	for (unsigned i = 0; i < 32; i++)
		if (!((vcpu->f_free | way->f_free) >> i & 1) && differs(fault, freg_name(i), hart->f[i], vcpu->f[i]))
			return true;
	return differs(fault, "fcsr", hart->csr.fcsr, vcpu->fcsr);
}

static bool wrong(const struct hart *hart, const struct vcpu_image *vcpu, const struct way *way, const uint64_t *vs,
                  struct fault *fault)
{
	for (unsigned i = 1; i < 32; i++)
		if (!(way->x_free >> i & 1) && differs(fault, reg_name(i), hart->x[i], vcpu->x[i]))
			return true;
	return wrong_vs(vcpu, way, vs, fault) || wrong_fp(hart, vcpu, way, fault);
}

static void report_changes(struct check *check, struct hart *hart, const struct vcpu_image *vcpu,
                           const struct trace_event *event, const struct fault *fault)
{
	check_violation(check, "worldswitch", hart, (enum mode)event->mode, event->pc,
	                "%s 0x%" PRIx64 ", was 0x%" PRIx64 " at the exit (%s)", fault->name, fault->found,
	                fault->expected, world_cause_name(vcpu->cause));
}

static void compare_image(struct check *check, struct hart *hart, struct vcpu_image *vcpu,
                          const struct trace_event *event)
{
	struct way ways[WAYS_MAX];
	struct fault fault, first = {NULL, 0, 0};
	uint64_t vs[VS_COUNT];
	if (vcpu->insn.known && has_moved(hart, vcpu))
		vcpu->insn.rewritten = true;
	unsigned count = find_ways(vcpu, ways);
	read_vs(hart, vs);
	for (unsigned i = 0; i < count; i++) {
		if (ways[i].pc != event->pc || ways[i].mode != event->mode)
			continue;
		if (!wrong(hart, vcpu, &ways[i], vs, &fault)) {
			vcpu->f_free |= ways[i].f_free;
			if (asks_for_reset(vcpu))
				expect_reset(check, vcpu->vmid, false);
			return;
		}
		if (!first.name)
			first = fault;
	}
	if (anywhere(vcpu) && (vcpu->anew || !first.name)) {
		vcpu->f_known = vcpu->anew = false;
	} else if (first.name) {
		report_changes(check, hart, vcpu, event, &first);
	} else {
		fault = (struct fault){"pc", event->pc, vcpu->pc};
		if (event->pc == vcpu->pc)
			fault = (struct fault){"mode", event->mode, vcpu->mode};
		report_changes(check, hart, vcpu, event, &fault);
	}
}

/* No guest sees the hypervisor's tp, unless the value is its own. */
static void find_leak(struct check *check, struct hart *hart, const struct vcpu_image *vcpu,
                      const struct trace_event *event)
{
	uint64_t own;
	if (!check_own_slot(check, hart, &own) || hart->x[REG_TP] != own)
		return;
	if (!vcpu || !vcpu->complete || vcpu->x[REG_TP] != own)
		check_violation(check, "percpu", hart, (enum mode)event->mode, event->pc,
		                "the guest is entered with the hypervisor's tp 0x%" PRIx64, own);
}

void check_switch_entry(struct check *check, struct hart *hart, const struct trace_event *event)
{
	struct vcpu_image *vcpu = named_vcpu(check, hart, event);
	if (check->config.kinds & CHECK_PERCPU)
		find_leak(check, hart, vcpu, event);
	if (!vcpu)
		return;
	if (check->config.kinds & CHECK_WORLDSWITCH && vcpu->running && vcpu->hart != hart->id)
		check_violation(check, "worldswitch", hart, (enum mode)event->mode, event->pc,
		                "the vCPU at 0x%" PRIx64 " runs on hart %u already", vcpu->sscratch, vcpu->hart);
	else if (check->config.kinds & CHECK_WORLDSWITCH && vcpu->complete)
		compare_image(check, hart, vcpu, event);
	vcpu->running = true;
	vcpu->hart = hart->id;
}

/* ---- state ---- */

static void save_vcpu(const struct vcpu_image *vcpu, struct state_writer *writer)
{
	const uint64_t words[] = {
	    vcpu->sscratch,       vcpu->vmid,           vcpu->anonymous,
	    vcpu->running,        vcpu->complete,       vcpu->hart,
	    vcpu->mode,           vcpu->cause,          vcpu->pc,
	    vcpu->insn.known,     vcpu->insn.sret,      vcpu->insn.length,
	    vcpu->insn.x_written, vcpu->insn.f_written, vcpu->insn.csr_written,
	    vcpu->insn.pa[0],     vcpu->insn.pa[1],     vcpu->insn.rewritten,
	    vcpu->f_known,        vcpu->f_free,         vcpu->fcsr,
	    vcpu->left_fp,        vcpu->anew,
	};
	STATE_WRITE(writer, words);
	STATE_WRITE(writer, vcpu->x);
	STATE_WRITE(writer, vcpu->vs);
	STATE_WRITE(writer, vcpu->f);
	STATE_WRITE(writer, vcpu->left);
	STATE_WRITE(writer, vcpu->left_f);
}

static void restore_insn(struct check *check, struct vcpu_image *vcpu, struct state_reader *reader)
{
	vcpu->insn.known = state_read_limited(reader, true);
	vcpu->insn.sret = state_read_limited(reader, true);
	vcpu->insn.length = (uint8_t)state_read_limited(reader, 4);
	vcpu->insn.x_written = (uint32_t)state_read_limited(reader, UINT32_MAX);
	vcpu->insn.f_written = (uint32_t)state_read_limited(reader, UINT32_MAX);
	vcpu->insn.csr_written = (uint16_t)state_read_limited(reader, 0xfff);
	for (unsigned half = 0; half < 2; half++) {
		vcpu->insn.pa[half] = state_read_u64(reader);
		if (vcpu->insn.pa[half] && !bus_is_dram(check->config.bus, vcpu->insn.pa[half], 2))
			state_refuse(reader, "check: an instruction is not in memory");
		else if (vcpu->insn.pa[half])
			bus_flag(check->config.bus, vcpu->insn.pa[half], PAGE_LOOK);
	}
	vcpu->insn.rewritten = state_read_limited(reader, true);
}

static void restore_vcpu(struct check *check, struct state_reader *reader)
{
	uint64_t sscratch = state_read_u64(reader);
	unsigned vmid = (unsigned)state_read_limited(reader, hgatp_VMID >> hgatp_VMID_LOW);
	struct vcpu_image *vcpu = add_vcpu(check, sscratch, vmid, state_read_limited(reader, true));
	if (!vcpu) {
		state_refuse(reader, "check: no memory");
		return;
	}
	vcpu->running = state_read_limited(reader, true);
	vcpu->complete = state_read_limited(reader, true);
	vcpu->hart = (unsigned)state_read_limited(reader, HARTS_MAX - 1);
	vcpu->mode = (enum mode)state_read_limited(reader, MODE_COUNT - 1);
	vcpu->cause = state_read_u64(reader);
	vcpu->pc = state_read_u64(reader);
	restore_insn(check, vcpu, reader);
	vcpu->f_known = state_read_limited(reader, true);
	vcpu->f_free = (uint32_t)state_read_limited(reader, UINT32_MAX);
	vcpu->fcsr = state_read_u64(reader);
	vcpu->left_fp = state_read_limited(reader, true);
	vcpu->anew = state_read_limited(reader, true);
	STATE_READ(reader, vcpu->x);
	STATE_READ(reader, vcpu->vs);
	STATE_READ(reader, vcpu->f);
	STATE_READ(reader, vcpu->left);
	STATE_READ(reader, vcpu->left_f);
}

void check_switch_save(const struct check *check, struct state_writer *writer)
{
	state_write_u64(writer, check->vcpu_count);
	for (size_t i = 0; i < check->vcpu_count; i++)
		save_vcpu(check->vcpus[i], writer);
}

void check_switch_restore(struct check *check, struct state_reader *reader)
{
	uint64_t count = state_read_u64(reader);
	for (uint64_t i = 0; i < count && !reader->failed; i++)
		restore_vcpu(check, reader);
}
