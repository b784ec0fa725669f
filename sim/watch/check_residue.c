/*
 * --check isolation: what a zone leaves in a hart's registers, for the next zone to find.
 *
 * Each CSR that a guest can see has an owner: the zone whose data it holds. It is the zone's when its guest changed it, or when the
 * hypervisor wrote it on the way back into a vCPU that had run before; the hypervisor's own when that wrote it otherwise. To
 * enter another zone's guest with what is still the zone's is a violation, unless there is nothing in it, or it is what the
 * vCPU itself left there. Floating-point and (for a vCPU that begins) integer registers have no events of their writes:
 * values tell.
 */
#include <inttypes.h>
#include <string.h>
#include "base/array.h"
#include "csr/csr.h"
#include "isa/insn.h"
#include "watch/check_state.h"

enum { FCSR = 18 };

/* `guest`: under which number the guest asks for it; 0: it takes effect by itself. */
static const struct {
	uint16_t number, guest;
	const char *name;
	uint64_t idle; /* a value that says nothing, besides 0 */
} residues[RESIDUE_COUNT] = {
    {CSR_vsstatus, CSR_sstatus, "vsstatus", UINT64_C(2) << vsstatus_UXL_LOW},
    {CSR_vsie, CSR_sie, "vsie", 0},
    {CSR_vstvec, CSR_stvec, "vstvec", 0},
    {CSR_vsscratch, CSR_sscratch, "vsscratch", 0},
    {CSR_vsepc, CSR_sepc, "vsepc", 0},
    {CSR_vscause, CSR_scause, "vscause", 0},
    {CSR_vstval, CSR_stval, "vstval", 0},
    {CSR_vsatp, CSR_satp, "vsatp", 0},
    {CSR_vstimecmp, CSR_stimecmp, "vstimecmp", UINT64_MAX},
    {CSR_vsiselect, CSR_siselect, "vsiselect", 0},
    {CSR_hvip, 0, "hvip", 0},
    {CSR_scounteren, CSR_scounteren, "scounteren", 0},
    {CSR_senvcfg, CSR_senvcfg, "senvcfg", 0},
    {CSR_scontext, CSR_scontext, "scontext", 0},
    {CSR_sstateen0, CSR_sstateen0, "sstateen0", 0},
    {CSR_sstateen1, CSR_sstateen1, "sstateen1", 0},
    {CSR_sstateen2, CSR_sstateen2, "sstateen2", 0},
    {CSR_sstateen3, CSR_sstateen3, "sstateen3", 0},
    [FCSR] = {CSR_fcsr, CSR_fcsr, "fcsr", 0},
};

/* The zone's number + 1, by its G-stage; 0: no memory for it. */
static uint16_t zone_of(struct check *check, uint64_t hgatp)
{
	struct isolation *isolation = &check->isolation;
	for (size_t i = 0; i < isolation->zone_count; i++)
		if (isolation->zones[i] == hgatp)
			return (uint16_t)(i + 1);
	if (isolation->zone_count == UINT16_MAX ||
	    ARRAY_RESERVE(isolation->zones, isolation->zone_count, 1, &isolation->zone_capacity))
		return 0;
	isolation->zones[isolation->zone_count++] = hgatp;
	return (uint16_t)isolation->zone_count;
}

static uint64_t csr_left(const struct hart *hart, unsigned i)
{
	uint64_t value;
	return csr_peek(hart, residues[i].number, &value) ? value : 0;
}

/* Writes of parts and views count for the whole: a hypervisor that writes there looks after it. */
static bool is_write_of(unsigned number, unsigned i)
{
	switch (residues[i].number) {
	case CSR_hvip: return number == CSR_hvip || number == CSR_hip;
	case CSR_vsie: return number == CSR_vsie || number == CSR_hie;
	case CSR_fcsr: return number == CSR_fcsr || number == CSR_frm || number == CSR_fflags;
	default: return number == residues[i].number;
	}
}

void check_residue_csr(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	struct residue *residue = &check->residue[hart->id];
	if (mode_virt((enum mode)event->mode))
		return;
	for (unsigned i = 0; i < RESIDUE_COUNT; i++)
		residue->written[i] |= is_write_of((unsigned)event->value[0], i);
}

static bool has_fp(const struct hart *hart) { return hart->csr.mstatus & mstatus_FS; }

/* ---- exit ---- */

void check_residue_exit(struct check *check, const struct hart *hart, const struct trace_event *event)
{
	struct residue *residue = &check->residue[hart->id];
	struct vcpu_image *vcpu = check_vcpu(check, hart, event);
	uint16_t zone = zone_of(check, event->value[2]);
	memset(residue->written, 0, sizeof(residue->written));
	for (unsigned i = 0; i < RESIDUE_COUNT; i++) {
		uint64_t value = csr_left(hart, i);
		if (i == FCSR && !has_fp(hart))
			continue;
		if (value != residue->entered[i] || residues[i].number == CSR_hvip)
			residue->owner[i] = zone;
		if (vcpu)
			vcpu->left[i] = value;
	}
	residue->x_owner = zone;
	memcpy(residue->x, hart->x, sizeof(residue->x));
	if (vcpu && vcpu->anonymous)
		vcpu->complete = true;
	if (!has_fp(hart))
		return;
	residue->f_owner = zone;
	memcpy(residue->f, hart->f, sizeof(residue->f));
	if (vcpu) {
		memcpy(vcpu->left_f, hart->f, sizeof(vcpu->left_f));
		vcpu->left_fp = true;
	}
}

/* ---- entry ---- */

/* May VS-mode look at it, as things are? */
static bool guest_sees(const struct hart *hart, unsigned i)
{
	if (i == FCSR)
		return has_fp(hart);
	if (!residues[i].guest)
		return true;
	struct hart guest = *hart;
	guest.mode = MODE_VS;
	return csr_check(&guest, residues[i].guest, false) == CSR_OK;
}

static void report_left(struct check *check, struct hart *hart, const struct trace_event *event, const char *name,
                        uint64_t value, uint16_t zone)
{
	uint64_t hgatp = check->isolation.zones[zone - 1];
	check_violation(check, "isolation", hart, (enum mode)event->mode, event->pc,
	                "%s 0x%" PRIx64 " is what the zone of hgatp 0x%" PRIx64 " left", name, value, hgatp);
}

static void look_at_csrs(struct check *check, struct hart *hart, const struct trace_event *event,
                         const struct vcpu_image *vcpu, uint16_t zone)
{
	struct residue *residue = &check->residue[hart->id];
	for (unsigned i = 0; i < RESIDUE_COUNT; i++) {
		uint64_t value = csr_left(hart, i);
		bool own = vcpu && vcpu->complete && vcpu->left[i] == value;
		if (residue->owner[i] && residue->owner[i] != zone && !residue->written[i] && value &&
		    value != residues[i].idle && !own && guest_sees(hart, i))
			report_left(check, hart, event, residues[i].name, value, residue->owner[i]);
		if (residue->written[i])
			residue->owner[i] = vcpu && vcpu->complete ? zone : 0;
		residue->entered[i] = value;
	}
}

static void look_at_fp(struct check *check, struct hart *hart, const struct trace_event *event,
                       const struct vcpu_image *vcpu, uint16_t zone)
{
	const struct residue *residue = &check->residue[hart->id];
	if (!residue->f_owner || residue->f_owner == zone || !has_fp(hart))
		return;
	for (unsigned i = 0; i < 32; i++) {
		bool own = vcpu && vcpu->left_fp && vcpu->left_f[i] == hart->f[i];
		if (hart->f[i] && hart->f[i] == residue->f[i] && !own) {
			report_left(check, hart, event, freg_name(i), hart->f[i], residue->f_owner);
			return;
		}
	}
}

/* A vCPU begins with what the hypervisor gives it: a0 and a1 may be anything, small numbers mean nothing. */
static void look_at_integers(struct check *check, struct hart *hart, const struct trace_event *event,
                             const struct vcpu_image *vcpu, uint16_t zone)
{
	enum { REG_A0 = 10, REG_A1 = 11, SMALL = 0x10000 };
	const struct residue *residue = &check->residue[hart->id];
	if (!vcpu || vcpu->complete || !residue->x_owner || residue->x_owner == zone)
		return;
	for (unsigned i = 1; i < 32; i++)
		if (i != REG_A0 && i != REG_A1 && hart->x[i] >= SMALL && hart->x[i] == residue->x[i]) {
			report_left(check, hart, event, reg_name(i), hart->x[i], residue->x_owner);
			return;
		}
}

void check_residue_entry(struct check *check, struct hart *hart, const struct trace_event *event)
{
	struct vcpu_image *vcpu = check_vcpu(check, hart, event);
	uint16_t zone = zone_of(check, event->value[2]);
	look_at_csrs(check, hart, event, vcpu, zone);
	look_at_fp(check, hart, event, vcpu, zone);
	look_at_integers(check, hart, event, vcpu, zone);
}

/* ---- state ---- */

void check_residue_save(const struct check *check, struct state_writer *writer)
{
	const struct isolation *isolation = &check->isolation;
	state_write_u64(writer, isolation->zone_count);
	state_write(writer, isolation->zones, isolation->zone_count * sizeof(*isolation->zones));
	for (unsigned i = 0; i < HARTS_MAX; i++)
		STATE_WRITE(writer, check->residue[i]);
}

void check_residue_restore(struct check *check, struct state_reader *reader)
{
	struct isolation *isolation = &check->isolation;
	size_t count = (size_t)state_read_limited(reader, UINT16_MAX);
	if (ARRAY_RESERVE(isolation->zones, 0, count, &isolation->zone_capacity)) {
		state_refuse(reader, "check: no memory");
		return;
	}
	state_read(reader, isolation->zones, count * sizeof(*isolation->zones));
	isolation->zone_count = reader->failed ? 0 : count;
	for (unsigned i = 0; i < HARTS_MAX; i++) {
		struct residue *residue = &check->residue[i];
		STATE_READ(reader, *residue);
		bool fits = residue->f_owner <= count && residue->x_owner <= count;
		for (unsigned j = 0; j < RESIDUE_COUNT; j++)
			fits &= residue->owner[j] <= count;
		if (!fits && !reader->failed)
			state_refuse(reader, "check: a zone that is not there");
	}
}
