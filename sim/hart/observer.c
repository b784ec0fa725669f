#include "hart/observer.h"

#include "hart/hart.h"

void observers_add(struct observers *observers, struct observer *observer)
{
	struct observer **last = &observers->first;
	while (*last)
		last = &(*last)->next;
	observer->next = NULL;
	*last = observer;
}

void observers_remove(struct observers *observers, const struct observer *observer)
{
	struct observer **link = &observers->first;
	while (*link && *link != observer)
		link = &(*link)->next;
	if (*link)
		*link = observer->next;
}

bool observers_strict(const struct observers *observers)
{
	for (const struct observer *observer = observers->first; observer; observer = observer->next)
		if (observer->strict)
			return true;
	return false;
}

void hart_tell(struct hart *hart, const struct trace_event *event)
{
	for (struct observer *observer = hart->observers->first; observer; observer = observer->next)
		if (observer->wanted >> event->type & 1)
			observer->event(observer, hart, event);
}

void hart_emit(struct hart *hart, struct trace_event *event)
{
	event->hart = (uint8_t)hart->id;
	event->mode = hart->mode;
	event->cycle = hart->now;
	event->retired = hart->retired;
	hart_tell(hart, event);
}
