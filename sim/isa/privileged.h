/* What the privileged architecture numbers: modes, causes of traps, interrupts; and their names. */
#ifndef PRIVILEGED_H
#define PRIVILEGED_H

#include <stdbool.h>

/* Privilege and virtualisation mode together: the five worlds. */
enum mode { MODE_M, MODE_HS, MODE_U, MODE_VS, MODE_VU, MODE_COUNT };

static inline bool mode_virt(enum mode mode) { return mode >= MODE_VS; }

/* Privilege level as encoded in mstatus.MPP: 3 = M, 1 = S (HS, VS), 0 = U (U, VU). */
static inline unsigned mode_priv(enum mode mode)
{
	return mode == MODE_M ? 3 : mode == MODE_HS || mode == MODE_VS ? 1 : 0;
}

static inline enum mode mode_of(unsigned priv, bool virt)
{
	return priv == 3 ? MODE_M : priv == 1 ? (virt ? MODE_VS : MODE_HS) : (virt ? MODE_VU : MODE_U);
}

const char *mode_name(enum mode mode); /* "M" "HS" "U" "VS" "VU" */

/* Synchronous exception causes (mcause without the interrupt bit), and interrupt numbers. */
enum cause {
#define EXCEPTION(code, id, name) CAUSE_##id = (code),
#define INTERRUPT(...)
#include "isa/cause.def"
#undef EXCEPTION
#undef INTERRUPT
};

enum irq {
#define EXCEPTION(...)
#define INTERRUPT(code, id, name) IRQ_##id = (code),
#include "isa/cause.def"
#undef EXCEPTION
#undef INTERRUPT
};

/* Resumable non-maskable interrupts: codes of mncause, among those that the architecture leaves to platforms. */
enum { RNMI_FIRST = 48, RNMI_LINES = 16 };

/* Can a trap have this cause? Non-maskable interrupts are among them. */
bool cause_exists(bool interrupt, unsigned code);
/* "load guest-page fault", "supervisor timer interrupt"...; never NULL. */
const char *cause_name(bool interrupt, unsigned code);

#endif
