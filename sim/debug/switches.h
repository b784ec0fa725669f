/* World switches as a debugger sees them: every vCPU that ran, what it left with and what it got back. For any hypervisor: a
 * vCPU is known by sscratch while it runs and by hgatp; where sscratch is 0 then, by its hart. */
#ifndef SWITCHES_H
#define SWITCHES_H

#include "debug/debugger.h"

enum { SWITCH_CSRS = 19, SWITCH_CHANGES = 31 + 33 + SWITCH_CSRS };

/* Where and how a guest left, or was entered. */
struct switch_image {
	bool known;
	bool f_known; /* the hart holds f registers of the guest's */
	enum mode mode;
	uint64_t pc, cycle;
	unsigned hart;
	uint64_t x[32], f[33], csr[SWITCH_CSRS]; /* f[32]: fcsr */
};

struct seen_vcpu {
	uint64_t sscratch, hgatp;
	bool inside; /* on entered.hart; else it stands where it has left */
	bool reflected; /* it was entered to handle a trap */
	uint64_t entries, exits;
	uint64_t cause; /* of the last exit, as in world events */
	uint32_t x_free, f_free; /* what the instruction that trapped writes */
	struct switch_image left, entered;
};

/* vsatp in an image. */
uint64_t switches_vsatp(const struct switch_image *image);

/* Something that a guest did not get back as it left it. */
struct switch_change {
	const char *name;
	uint64_t before, after;
	const char *reason; /* why that may be; NULL: no reason is known */
};
/* All that its last entry changed: how many. None before it has left once. */
unsigned switches_changes(const struct seen_vcpu *vcpu, struct switch_change changes[SWITCH_CHANGES]);

/* Every event, before stop points look at it. */
void switches_event(struct debugger *debugger, struct hart *hart, const struct trace_event *event);
void switches_free(struct debugger *debugger);

/* The vCPUs seen so far, in the order in which they ran first; NULL past the last. */
const struct seen_vcpu *switches_vcpu(const struct debugger *debugger, size_t index);
/* The last one that this hart switched to or from; NULL: none did. */
const struct seen_vcpu *switches_last(const struct debugger *debugger, unsigned hart);

/* "zone smp (VMID 1)", or "VMID 1", or "a guest". */
const char *switches_zone(const struct debugger *debugger, uint64_t hgatp, char *text, size_t size);
/* What the hart's last switch was, and what the guest got back otherwise than it had left it. */
void switches_print(struct debugger *debugger, unsigned hart);

/* The same as members of the open object: "vmid", "zone" (null: it has no name) and "hgatp"; where and when an image was;
 * a vCPU's last switch. */
struct json;
void switches_zone_json(const struct debugger *debugger, uint64_t hgatp, struct json *json);
void switches_image_json(const struct debugger *debugger, const struct seen_vcpu *vcpu,
                         const struct switch_image *image, struct json *json);
void switches_json(const struct debugger *debugger, const struct seen_vcpu *vcpu, struct json *json);

/* What was seen, with a snapshot: section "switches". Restored into the same debugger; false: refused. */
struct state_reader;
struct state_writer;
void switches_save(const struct debugger *debugger, struct state_writer *writer);
bool switches_restore(struct debugger *debugger, struct state_reader *reader);

#endif
