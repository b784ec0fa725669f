#include <string.h>
#include "csr/csr.h"
#include "hart/hart.h"
#include "hart/mmu.h"
#include "hart/reservation.h"

void hart_reset(struct hart *hart, uint64_t reset_pc)
{
	memset(hart->x, 0, sizeof hart->x);
	memset(hart->f, 0, sizeof hart->f);
	memset(&hart->trap, 0, sizeof hart->trap);
	memset(&hart->tp, 0, sizeof hart->tp);
	hart->mode = MODE_M;
	hart->pc = reset_pc;
	hart->x[10] = hart->id;
	hart->irq_lines = 0;
	hart->hgei = hart->rnmi = 0;
	memset(&hart->interrupts, 0, sizeof hart->interrupts);
	hart->waiting = false;
	hart->halted = hart->elp = false;
	hart->wake_cycle = UINT64_MAX;
	reservation_end(hart);
	csr_reset(hart);
	mmu_flush(hart);
	hart->effects = EFFECT_IRQ | EFFECT_MODE | EFFECT_TRANSLATE;
}
