/*
 * The hypervisor as its guests' SBI: one file an extension. Whatever a guest passes, it gets an answer: harts are its
 * own vCPUs, addresses are checked against its own memory.
 */
#ifndef FIRMWARE_EXIT_SBI_H
#define FIRMWARE_EXIT_SBI_H

#include "arch/sbi_server.h"
#include "exit/exit.h"
#include "vm/vcpu.h"

/* sbi_call.caller. */
struct sbi_guest {
	struct vcpu *vcpu;
	enum exit_verdict verdict; /* EXIT_RESUME unless the call says otherwise */
};

static inline struct vcpu *sbi_caller(const struct sbi_call *call) { return ((struct sbi_guest *)call->caller)->vcpu; }

/*
 * The call's result if it cannot be served now: none. The guest is where it was, and makes the same call again, after
 * others had a turn and interrupts were taken.
 */
static inline struct sbi_result sbi_ask_again(const struct sbi_call *call)
{
	struct sbi_guest *guest = call->caller;

	guest->vcpu->regs.guest.sepc -= 4;
	guest->verdict = EXIT_YIELD;
	return (struct sbi_result){(int64_t)call->arguments[0], call->arguments[1]}; /* a0 and a1 as they were */
}

/* sbi_dbcn.c: the console's calls for one byte, which wait until it is taken. */
struct sbi_result exit_sbi_print_byte(const struct sbi_call *call);

struct sbi_result exit_sbi_base(const struct sbi_call *call);
struct sbi_result exit_sbi_time(const struct sbi_call *call);
struct sbi_result exit_sbi_ipi(const struct sbi_call *call);
struct sbi_result exit_sbi_rfence(const struct sbi_call *call);
struct sbi_result exit_sbi_hsm(const struct sbi_call *call);
struct sbi_result exit_sbi_srst(const struct sbi_call *call);
struct sbi_result exit_sbi_dbcn(const struct sbi_call *call);
struct sbi_result exit_sbi_legacy(const struct sbi_call *call);

#endif
