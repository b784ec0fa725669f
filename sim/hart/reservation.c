#include "hart/reservation.h"

#include "base/bus.h"
#include "hart/platform.h"

/* A hart's own stores leave its reservation alone. */
static void break_reservation(void *context, const void *by, uint64_t pa, unsigned size)
{
	struct hart *hart = context;
	if (hart != by && hart->reservation.valid && pa < hart->reservation.pa + RESERVATION_BYTES &&
	    hart->reservation.pa < pa + size)
		reservation_end(hart);
}

int reservation_listen(struct hart *hart)
{
	return bus_listen(hart->bus,
	                  &(struct bus_listener){.flags = PAGE_WATCH, .stored = break_reservation, .context = hart});
}

void reservation_make(struct hart *hart, uint64_t pa)
{
	reservation_end(hart);
	hart->reservation.valid = true;
	hart->reservation.pa = pa & ~(uint64_t)(RESERVATION_BYTES - 1);
}

static bool page_still_watched(const struct hart *hart, uint64_t pa)
{
	for (unsigned i = 0; i < hart->platform->hart_count; i++) {
		const struct hart *peer = &hart->peers[i];
		if (peer != hart && peer->reservation.watched && peer->reservation.pa >> PAGE_SHIFT == pa >> PAGE_SHIFT)
			return true;
	}
	return false;
}

void reservation_end(struct hart *hart)
{
	if (hart->reservation.watched && !page_still_watched(hart, hart->reservation.pa))
		*bus_page_flags(hart->bus, hart->reservation.pa) &= (uint8_t)~PAGE_WATCH;
	hart->reservation.valid = hart->reservation.watched = false;
}

void reservation_guard(struct hart *hart)
{
	if (!hart->reservation.valid || hart->reservation.watched)
		return;
	hart->reservation.watched = true;
	bus_flag(hart->bus, hart->reservation.pa, PAGE_WATCH);
}
