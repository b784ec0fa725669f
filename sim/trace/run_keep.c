/* What a reader knows of runs, kept so that it can go on from there again. */
#include <stdlib.h>
#include <string.h>
#include "trace/run_state.h"

struct trace_runs_kept {
	size_t code_count, site_count, room;
	uint64_t *sites;
	struct guess *guesses;
	struct run_place *harts;
};

void trace_runs_drop(struct trace_runs_kept *kept)
{
	if (!kept)
		return;
	free(kept->sites);
	free(kept->guesses);
	free(kept->harts);
	free(kept);
}

static void *copy_bytes(const void *from, size_t size)
{
	void *copy = malloc(size + 1);
	return copy && size ? memcpy(copy, from, size) : copy;
}

struct trace_runs_kept *trace_runs_keep(const struct trace_runs *runs)
{
	struct trace_runs_kept *kept = malloc(sizeof(*kept));
	if (!kept)
		return NULL;
	*kept = (struct trace_runs_kept){
	    .code_count = runs->code_count,
	    .site_count = runs->site_count,
	    .room = runs->room,
	    .sites = copy_bytes(runs->sites, runs->site_count * sizeof(*runs->sites)),
	    .guesses = copy_bytes(runs->guesses, GUESSES * sizeof(*runs->guesses)),
	    .harts = copy_bytes(runs->harts, runs->hart_count * sizeof(*runs->harts)),
	};
	if (kept->sites && kept->guesses && kept->harts)
		return kept;
	trace_runs_drop(kept);
	return NULL;
}

/* Blocks of code that came later stay, for when they are read again. */
void trace_runs_back(struct trace_runs *runs, const struct trace_runs_kept *kept)
{
	if (runs->code_count > runs->known)
		runs->known = runs->code_count;
	runs->code_count = kept->code_count;
	runs->site_count = kept->site_count;
	runs->room = kept->room;
	memcpy(runs->sites, kept->sites, kept->site_count * sizeof(*runs->sites));
	memcpy(runs->guesses, kept->guesses, GUESSES * sizeof(*runs->guesses));
	memcpy(runs->harts, kept->harts, runs->hart_count * sizeof(*runs->harts));
}
