#include "debug/switches.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/json.h"
#include "base/state.h"
#include "base/symbols.h"
#include "csr/csr.h"
#include "debug/commands.h"
#include "hart/mmu.h"
#include "isa/insn.h"
#include "trace/world.h"

/* A hypervisor that gives sscratch ever other values has no more vCPUs than this. */
enum { VCPUS_MAX = 4096, REG_A0 = 10, REG_A1 = 11, REG_A7 = 17 };
enum { SBI_HSM = 0x48534d };

struct debug_switches {
	struct seen_vcpu *vcpus;
	size_t count, capacity;
	size_t last[HARTS_MAX]; /* index plus 1; 0: none */
};

/* What a guest reads or is ruled by; those that a hypervisor changes whenever it likes say why. */
static const struct {
	uint16_t number;
	const char *reason;
} csrs[SWITCH_CSRS] = {
    {CSR_vsstatus, NULL},   {CSR_vsie, NULL},
    {CSR_vstvec, NULL},     {CSR_vsscratch, NULL},
    {CSR_vsepc, NULL},      {CSR_vscause, NULL},
    {CSR_vstval, NULL},     {CSR_vsatp, NULL},
    {CSR_vstimecmp, NULL},  {CSR_vsiselect, NULL},
    {CSR_scounteren, NULL}, {CSR_senvcfg, NULL},
    {CSR_scontext, NULL},   {CSR_hvip, "the hypervisor's: interrupts for the guest"},
    {CSR_htimedelta, NULL}, {CSR_hedeleg, NULL},
    {CSR_hideleg, NULL},    {CSR_hcounteren, NULL},
    {CSR_henvcfg, NULL},
};

uint64_t switches_vsatp(const struct switch_image *image)
{
	for (unsigned i = 0; i < SWITCH_CSRS; i++)
		if (csrs[i].number == CSR_vsatp)
			return image->csr[i];
	return 0;
}

/* ---- who ---- */

static struct debug_switches *switches_of(struct debugger *debugger)
{
	if (!debugger->switches)
		debugger->switches = calloc(1, sizeof *debugger->switches);
	return debugger->switches;
}

/* NULL: no memory, or too many. */
static struct seen_vcpu *vcpu_of(struct debug_switches *switches, const struct trace_event *event)
{
	uint64_t sscratch = event->value[1] ? event->value[1] : event->hart, hgatp = event->value[2];
	size_t index = 0;
	while (index < switches->count &&
	       (switches->vcpus[index].sscratch != sscratch || switches->vcpus[index].hgatp != hgatp))
		index++;
	if (index == switches->count) {
		if (index == VCPUS_MAX || ARRAY_RESERVE(switches->vcpus, index, 1, &switches->capacity))
			return NULL;
		memset(&switches->vcpus[index], 0, sizeof *switches->vcpus);
		switches->vcpus[index].sscratch = sscratch;
		switches->vcpus[index].hgatp = hgatp;
		switches->count++;
	}
	switches->last[event->hart] = index + 1;
	return &switches->vcpus[index];
}

const struct seen_vcpu *switches_vcpu(const struct debugger *debugger, size_t index)
{
	const struct debug_switches *switches = debugger->switches;
	return switches && index < switches->count ? &switches->vcpus[index] : NULL;
}

const struct seen_vcpu *switches_last(const struct debugger *debugger, unsigned hart)
{
	const struct debug_switches *switches = debugger->switches;
	return switches && switches->last[hart] ? &switches->vcpus[switches->last[hart] - 1] : NULL;
}

const char *switches_zone(const struct debugger *debugger, uint64_t hgatp, char *text, size_t size)
{
	const struct symbols *symbols = debugger->machine->symbols;
	unsigned space = symbols_space_of(symbols, hgatp);
	unsigned long long vmid = (hgatp & hgatp_VMID) >> hgatp_VMID_LOW;
	if (symbols_is_guest(symbols, space) && *symbols_space_name(symbols, space))
		snprintf(text, size, "zone %s (VMID %llu)", symbols_space_name(symbols, space), vmid);
	else
		snprintf(text, size, "VMID %llu", vmid);
	return text;
}

void switches_free(struct debugger *debugger)
{
	if (debugger->switches)
		free(debugger->switches->vcpus);
	free(debugger->switches);
	debugger->switches = NULL;
}

/* ---- out ---- */

static void read_csrs(const struct hart *hart, uint64_t *values)
{
	for (unsigned i = 0; i < SWITCH_CSRS; i++)
		if (!csr_peek(hart, csrs[i].number, &values[i]))
			values[i] = 0;
}

/* Does the hart hold f registers of the guest's? */
static bool holds_fp(const struct hart *hart)
{
	return hart->csr.mstatus & mstatus_FS && hart->csr.vsstatus & vsstatus_FS;
}

/* What the instruction that trapped would have written is the hypervisor's to give. */
static void find_results(struct hart *hart, struct seen_vcpu *vcpu)
{
	uint16_t halves[2] = {0};
	vcpu->x_free = vcpu->f_free = 0;
	if (vcpu->cause >> 63)
		return;
	if (vcpu->cause == CAUSE_ECALL_VS || vcpu->cause == CAUSE_ECALL_U) {
		vcpu->x_free = vcpu->left.x[REG_A7] == SBI_HSM ? UINT32_MAX : 1u << REG_A0 | 1u << REG_A1;
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct mmu_context context = mmu_context_in(hart, vcpu->left.mode, true);
		struct translation translation;
		struct trap trap;
		if (!mmu_walk(hart, vcpu->left.pc + 2 * (uint64_t)i, 2, ACCESS_FETCH, &context, false, NULL, NULL,
		              &translation, &trap) ||
		    !bus_peek(hart->bus, translation.pa, &halves[i], 2))
			break;
		if ((halves[0] & 3) != 3)
			break;
	}
	struct insn insn = decode(&hart->isa, halves[0] | (uint32_t)halves[1] << 16);
	vcpu->x_free = insn_writes_x(&insn) ? 1u << insn.rd : 0;
	vcpu->f_free = insn_writes_f(&insn) ? 1u << insn.rd : 0;
}

static void take_image(struct switch_image *image, const struct hart *hart, const struct trace_event *event)
{
	image->known = true;
	image->f_known = holds_fp(hart);
	image->cycle = event->cycle;
	image->hart = event->hart;
	memcpy(image->x, hart->x, sizeof image->x);
	memcpy(image->f, hart->f, 32 * sizeof *image->f);
	image->f[32] = hart->csr.fcsr;
	read_csrs(hart, image->csr);
}

static void leave_guest(struct seen_vcpu *vcpu, struct hart *hart, const struct trace_event *event)
{
	vcpu->inside = false;
	vcpu->exits++;
	vcpu->cause = event->value[0];
	take_image(&vcpu->left, hart, event);
	vcpu->left.mode = (enum mode)event->from;
	vcpu->left.pc = event->mode == MODE_M ? hart->csr.mepc : hart->csr.sepc;
	find_results(hart, vcpu);
}

static void enter_guest(struct seen_vcpu *vcpu, const struct hart *hart, const struct trace_event *event)
{
	vcpu->inside = true;
	vcpu->entries++;
	vcpu->reflected = event->mode == MODE_VS && event->pc == (hart->csr.vstvec & ~UINT64_C(3));
	take_image(&vcpu->entered, hart, event);
	vcpu->entered.mode = (enum mode)event->mode;
	vcpu->entered.pc = event->pc;
}

/* ---- what is not as it was ---- */

static const char *csr_reason(const struct seen_vcpu *vcpu, unsigned index)
{
	unsigned number = csrs[index].number;
	bool of_trap = number == CSR_vsepc || number == CSR_vscause || number == CSR_vstval || number == CSR_vsstatus;
	if (of_trap && vcpu->reflected)
		return "a trap that the guest is given";
	return number == CSR_vstimecmp && !(vcpu->cause >> 63) ? "the guest may have asked for it" : csrs[index].reason;
}

unsigned switches_changes(const struct seen_vcpu *vcpu, struct switch_change changes[SWITCH_CHANGES])
{
	const struct switch_image *left = &vcpu->left, *entered = &vcpu->entered;
	bool call = vcpu->cause == CAUSE_ECALL_VS || vcpu->cause == CAUSE_ECALL_U;
	const char *result = call ? "what the call answers" : "the instruction's result";
	unsigned count = 0;
	if (!left->known || !entered->known)
		return 0;
	for (unsigned i = 1; i < 32; i++)
		if (left->x[i] != entered->x[i])
			changes[count++] = (struct switch_change){reg_name(i), left->x[i], entered->x[i],
			                                          vcpu->x_free >> i & 1 ? result : NULL};
	for (unsigned i = 0; left->f_known && entered->f_known && i < 33; i++)
		if (left->f[i] != entered->f[i])
			changes[count++] = (struct switch_change){i < 32 ? freg_name(i) : "fcsr", left->f[i],
			                                          entered->f[i],
			                                          i < 32 && vcpu->f_free >> i & 1 ? result : NULL};
	for (unsigned i = 0; i < SWITCH_CSRS; i++)
		if (left->csr[i] != entered->csr[i])
			changes[count++] = (struct switch_change){csr_info(csrs[i].number)->name, left->csr[i],
			                                          entered->csr[i], csr_reason(vcpu, i)};
	return count;
}

void switches_event(struct debugger *debugger, struct hart *hart, const struct trace_event *event)
{
	bool from = mode_virt((enum mode)event->from), to = mode_virt((enum mode)event->mode);
	struct debug_switches *switches = event->type == TRACE_WORLD ? switches_of(debugger) : NULL;
	if (!switches)
		return;
	if (event->value[0] == TRACE_RESET) {
		memset(switches->last, 0, sizeof switches->last);
		switches->count = 0;
		return;
	}
	struct seen_vcpu *vcpu = from != to ? vcpu_of(switches, event) : NULL;
	if (vcpu)
		from ? leave_guest(vcpu, hart, event) : enter_guest(vcpu, hart, event);
}

/* ---- words ---- */

static void print_image(struct debugger *debugger, const char *what, const struct switch_image *image)
{
	char name[160];
	struct hart *hart = &debugger->machine->harts[image->hart];
	debug_symbol(debugger, hart, image->mode, image->pc, name, sizeof name);
	fprintf(debugger->out, "  %s hart %u in %s at 0x%" PRIx64 "%s, cycle %" PRIu64, what, image->hart,
	        mode_name(image->mode), image->pc, name, image->cycle);
}

static void print_changes(struct debugger *debugger, const struct seen_vcpu *vcpu)
{
	struct switch_change changes[SWITCH_CHANGES];
	unsigned count = switches_changes(vcpu, changes);
	for (unsigned i = 0; i < count; i++)
		fprintf(debugger->out, "%c %-11s 0x%016" PRIx64 " -> 0x%016" PRIx64 "  %s\n",
		        changes[i].reason ? ' ' : '!', changes[i].name, changes[i].before, changes[i].after,
		        changes[i].reason ? changes[i].reason : "not as it was left");
	if (!count)
		fprintf(debugger->out, "  every register is as it was left\n");
}

void switches_print(struct debugger *debugger, unsigned hart)
{
	const struct seen_vcpu *vcpu = switches_last(debugger, hart);
	char zone[160];
	if (!vcpu)
		return;
	fprintf(debugger->out, "%s, vCPU 0x%" PRIx64 "\n", switches_zone(debugger, vcpu->hgatp, zone, sizeof zone),
	        vcpu->sscratch);
	if (vcpu->left.known) {
		print_image(debugger, "left", &vcpu->left);
		fprintf(debugger->out, ": %s\n", world_cause_name(vcpu->cause));
	}
	if (!vcpu->inside)
		return;
	print_image(debugger, vcpu->left.known ? "back on" : "begins on", &vcpu->entered);
	if (vcpu->left.known && vcpu->left.hart == vcpu->entered.hart)
		fprintf(debugger->out, ", %" PRIu64 " later", vcpu->entered.cycle - vcpu->left.cycle);
	fputc('\n', debugger->out);
	if (vcpu->left.known)
		print_changes(debugger, vcpu);
}

void switches_zone_json(const struct debugger *debugger, uint64_t hgatp, struct json *json)
{
	const struct symbols *symbols = debugger->machine->symbols;
	unsigned space = symbols_space_of(symbols, hgatp);
	const char *name = space == SPACE_UNKNOWN ? "" : symbols_space_name(symbols, space);
	json_u64(json, "vmid", (hgatp & hgatp_VMID) >> hgatp_VMID_LOW);
	json_string(json, "zone", *name ? name : NULL);
	json_hex(json, "hgatp", hgatp);
}

/* The vCPU is of the guest whose hgatp it has, whatever the hart has by now. */
void switches_image_json(const struct debugger *debugger, const struct seen_vcpu *vcpu,
                         const struct switch_image *image, struct json *json)
{
	const struct symbols *symbols = debugger->machine->symbols;
	uint64_t vsatp = switches_vsatp(image), offset = 0;
	uint32_t asid = vsatp >> satp_MODE_LOW ? (uint32_t)((vsatp & satp_ASID) >> satp_ASID_LOW) : ASID_ANY;
	json_u64(json, "hart", image->hart);
	json_string(json, "mode", mode_name(image->mode));
	json_hex(json, "pc", image->pc);
	json_string(json, "symbol",
	            symbols_find_at(symbols, symbols_space_of(symbols, vcpu->hgatp), asid, image->pc, &offset));
	json_u64(json, "cycle", image->cycle);
}

static void changes_json(const struct seen_vcpu *vcpu, struct json *json)
{
	struct switch_change changes[SWITCH_CHANGES];
	unsigned count = switches_changes(vcpu, changes);
	json_open(json, "changes", '[');
	for (unsigned i = 0; i < count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "register", changes[i].name);
		json_hex(json, "left", changes[i].before);
		json_hex(json, "back", changes[i].after);
		json_string(json, "reason", changes[i].reason);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void switches_json(const struct debugger *debugger, const struct seen_vcpu *vcpu, struct json *json)
{
	switches_zone_json(debugger, vcpu->hgatp, json);
	json_hex(json, "vcpu", vcpu->sscratch);
	json_bool(json, "inside", vcpu->inside);
	if (vcpu->left.known) {
		json_open(json, "left", '{');
		switches_image_json(debugger, vcpu, &vcpu->left, json);
		json_string(json, "cause", world_cause_name(vcpu->cause));
		json_close(json, '}');
	}
	if (!vcpu->inside)
		return;
	json_open(json, "entered", '{');
	switches_image_json(debugger, vcpu, &vcpu->entered, json);
	json_close(json, '}');
	if (vcpu->left.known)
		changes_json(vcpu, json);
}

/* ---- state ---- */

enum { SWITCHES_VERSION = 1 };

void switches_save(const struct debugger *debugger, struct state_writer *writer)
{
	const struct debug_switches *switches = debugger->switches;
	state_write_begin(writer, "switches", SWITCHES_VERSION);
	state_write_u64(writer, switches ? switches->count : 0);
	if (switches)
		state_write(writer, switches->vcpus, switches->count * sizeof *switches->vcpus);
	for (unsigned i = 0; i < HARTS_MAX; i++)
		state_write_u64(writer, switches ? switches->last[i] : 0);
	state_write_end(writer);
}

bool switches_restore(struct debugger *debugger, struct state_reader *reader)
{
	struct debug_switches *switches = switches_of(debugger);
	if (!switches)
		return state_refuse(reader, "switches: no memory");
	if (!state_read_begin(reader, "switches", SWITCHES_VERSION))
		return false;
	uint64_t count = state_read_limited(reader, VCPUS_MAX);
	switches->count = 0;
	for (uint64_t i = 0; i < count && !reader->failed; i++) {
		if (ARRAY_RESERVE(switches->vcpus, switches->count, 1, &switches->capacity))
			return state_refuse(reader, "switches: no memory");
		struct seen_vcpu *vcpu = &switches->vcpus[switches->count++];
		STATE_READ(reader, *vcpu);
		if (vcpu->left.hart >= HARTS_MAX || vcpu->entered.hart >= HARTS_MAX || vcpu->left.mode >= MODE_COUNT ||
		    vcpu->entered.mode >= MODE_COUNT)
			return state_refuse(reader, "switches: a number is out of range");
	}
	for (unsigned i = 0; i < HARTS_MAX; i++)
		switches->last[i] = state_read_limited(reader, switches->count);
	return state_read_end(reader);
}
