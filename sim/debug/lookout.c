#include "debug/lookout.h"

#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "engine/exec.h"
#include "machine/machine.h"

struct lookout {
	struct machine *machine;
	struct lookout_client clients[LOOKOUT_CLIENTS];
	struct lookout_wish wishes[LOOKOUT_CLIENTS];
	uint64_t *places; /* of all, ascending: the engine's */
	size_t place_count;
};

/* ---- what the engine and the bus tell ---- */

static bool ask_reached(void *context, struct hart *hart)
{
	const struct lookout *lookout = context;
	bool pause = false;
	for (unsigned i = 0; i < LOOKOUT_CLIENTS; i++)
		if (lookout->clients[i].reached)
			pause |= lookout->clients[i].reached(lookout->clients[i].context, hart);
	return pause;
}

static bool ask_loaded(void *context, struct hart *hart, uint64_t pa, unsigned size)
{
	const struct lookout *lookout = context;
	bool pause = false;
	for (unsigned i = 0; i < LOOKOUT_CLIENTS; i++)
		if (lookout->clients[i].loaded)
			pause |= lookout->clients[i].loaded(lookout->clients[i].context, hart, pa, size);
	return pause;
}

/* `by` is a hart; or NULL: a device, that a hart made do so or that an event did. */
static void tell_stored(void *context, const void *by, uint64_t pa, unsigned size)
{
	struct lookout *lookout = context;
	struct machine *machine = lookout->machine;
	struct hart *hart = by ? &machine->harts[((const struct hart *)by)->id] : machine->slice.hart;
	bool pause = false;
	for (unsigned i = 0; i < LOOKOUT_CLIENTS; i++)
		if (lookout->clients[i].stored)
			pause |= lookout->clients[i].stored(lookout->clients[i].context, hart, pa, size);
	if (pause)
		lookout_pause(lookout, hart);
}

void lookout_pause(struct lookout *lookout, struct hart *hart)
{
	if (hart)
		exec_pause(hart);
	lookout->machine->engine.pause.now = true;
}

/* ---- wishes ---- */

bool lookout_add_place(struct lookout_wish *wish, uint64_t pc)
{
	if (ARRAY_RESERVE(wish->places, wish->place_count, 1, &wish->place_capacity) != 0)
		return false;
	wish->places[wish->place_count++] = pc;
	return true;
}

bool lookout_add_bytes(const struct lookout *lookout, struct lookout_wish *wish, uint64_t pa, uint64_t size)
{
	for (uint64_t page = pa & ~(uint64_t)(PAGE_SIZE - 1); page < pa + size; page += PAGE_SIZE) {
		if (!bus_is_dram(&lookout->machine->bus, page, PAGE_SIZE))
			continue;
		if (ARRAY_RESERVE(wish->pages, wish->page_count, 1, &wish->page_capacity) != 0)
			return false;
		wish->pages[wish->page_count++] = page;
	}
	return true;
}

static void free_wish(struct lookout_wish *wish)
{
	free(wish->places);
	free(wish->pages);
	*wish = (struct lookout_wish){0};
}

static void flag_pages(struct lookout *lookout, bool on)
{
	struct bus *bus = &lookout->machine->bus;
	for (unsigned i = 0; i < LOOKOUT_CLIENTS; i++)
		for (size_t j = 0; j < lookout->wishes[i].page_count; j++)
			if (on)
				bus_flag(bus, lookout->wishes[i].pages[j], PAGE_POINT);
			else
				*bus_page_flags(bus, lookout->wishes[i].pages[j]) &= (uint8_t)~PAGE_POINT;
}

static int by_address(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

/* NULL: no memory. */
static uint64_t *all_places(const struct lookout *lookout, size_t *count)
{
	size_t total = 0;
	for (unsigned i = 0; i < LOOKOUT_CLIENTS; i++)
		total += lookout->wishes[i].place_count;
	uint64_t *places = calloc(total + 1, sizeof *places);
	*count = 0;
	for (unsigned i = 0; places && i < LOOKOUT_CLIENTS; i++)
		for (size_t j = 0; j < lookout->wishes[i].place_count; j++)
			places[(*count)++] = lookout->wishes[i].places[j];
	if (places)
		qsort(places, *count, sizeof *places, by_address);
	return places;
}

/* Translations are made anew only if the engine is to look out for something else than before. */
static void tell_engine(struct lookout *lookout)
{
	struct engine_pause *pause = &lookout->machine->engine.pause;
	size_t count;
	uint64_t *places = all_places(lookout, &count);
	bool loads = false;
	for (unsigned i = 0; i < LOOKOUT_CLIENTS; i++)
		loads |= lookout->wishes[i].loads;
	if (places && loads == (pause->loaded != NULL) && count == lookout->place_count &&
	    (!count || memcmp(places, lookout->places, count * sizeof *places) == 0)) {
		free(places);
		return;
	}
	free(lookout->places);
	lookout->places = places;
	lookout->place_count = places ? count : 0;
	pause->places = places;
	pause->place_count = lookout->place_count;
	pause->loaded = loads ? ask_loaded : NULL;
	for (unsigned i = 0; i < lookout->machine->hart_count; i++)
		exec_look_anew(&lookout->machine->harts[i]);
}

void lookout_set(struct lookout *lookout, enum lookout_who who, struct lookout_wish *wish)
{
	flag_pages(lookout, false);
	free_wish(&lookout->wishes[who]);
	lookout->wishes[who] = *wish;
	*wish = (struct lookout_wish){0};
	flag_pages(lookout, true);
	tell_engine(lookout);
}

/* ---- begin and end ---- */

struct lookout *lookout_new(struct machine *machine)
{
	struct lookout *lookout = calloc(1, sizeof *lookout);
	struct bus_listener listener = {.flags = PAGE_POINT, .stored = tell_stored, .context = lookout};
	if (!lookout || bus_listen(&machine->bus, &listener) != 0) {
		free(lookout);
		return NULL;
	}
	lookout->machine = machine;
	machine->engine.pause = (struct engine_pause){.reached = ask_reached, .context = lookout};
	return lookout;
}

void lookout_free(struct lookout *lookout)
{
	if (!lookout)
		return;
	for (unsigned i = 0; i < LOOKOUT_CLIENTS; i++)
		lookout_leave(lookout, (enum lookout_who)i);
	bus_unlisten(&lookout->machine->bus, lookout);
	lookout->machine->engine.pause = (struct engine_pause){0};
	free(lookout->places);
	free(lookout);
}

void lookout_join(struct lookout *lookout, enum lookout_who who, const struct lookout_client *client)
{
	lookout->clients[who] = *client;
}

void lookout_leave(struct lookout *lookout, enum lookout_who who)
{
	lookout_set(lookout, who, &(struct lookout_wish){0});
	lookout->clients[who] = (struct lookout_client){0};
}
