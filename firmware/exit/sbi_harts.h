/* Calls that go to a set of the guest's harts, which have legacy forms too. */
#ifndef FIRMWARE_EXIT_SBI_HARTS_H
#define FIRMWARE_EXIT_SBI_HARTS_H

#include "exit/sbi.h"

struct zone;

/* sbi_ipi.c, sbi_rfence.c: mask and base as in all of SBI; function is SBI_RFENCE_*, arguments are that call's. */
struct sbi_result zone_send_ipi(struct zone *zone, uint64_t mask, uint64_t base);
struct sbi_result zone_remote_fence(struct zone *zone, uint64_t function, const uint64_t *arguments);

#endif
