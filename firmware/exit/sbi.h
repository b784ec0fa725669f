/*
 * The hypervisor as its guests' SBI: one file an extension. Whatever a guest passes, it gets an answer: harts are its
 * own vCPUs, addresses are checked against its own memory.
 */
#ifndef FIRMWARE_EXIT_SBI_H
#define FIRMWARE_EXIT_SBI_H

#include "arch/sbi_server.h"
#include "exit/exit.h"

/* sbi_call.caller. */
struct sbi_guest {
	struct vcpu *vcpu;
	enum exit_verdict verdict; /* EXIT_RESUME unless the call says otherwise */
};

static inline struct vcpu *sbi_caller(const struct sbi_call *call) { return ((struct sbi_guest *)call->caller)->vcpu; }

struct sbi_result exit_sbi_base(const struct sbi_call *call);
struct sbi_result exit_sbi_time(const struct sbi_call *call);
struct sbi_result exit_sbi_ipi(const struct sbi_call *call);
struct sbi_result exit_sbi_rfence(const struct sbi_call *call);
struct sbi_result exit_sbi_hsm(const struct sbi_call *call);
struct sbi_result exit_sbi_srst(const struct sbi_call *call);
struct sbi_result exit_sbi_dbcn(const struct sbi_call *call);
struct sbi_result exit_sbi_legacy(const struct sbi_call *call);

#endif
