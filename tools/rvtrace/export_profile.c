/* Profiles: Callgrind's format, and folded stacks. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/version.h"
#include "profile.h"

/* ---- folded ---- */

/* A frame's name has no semicolon; the last must not end in a space and a number, which readers take for a second count. */
static void put_frame(FILE *out, const char *name)
{
	for (; *name; name++)
		putc(*name == ';' ? ':' : *name == ' ' ? '_' : *name, out);
}

static void put_stack(FILE *out, const struct profile *profile, size_t node)
{
	const struct profile_node *at = &profile->nodes[node];
	if (at->parent) {
		put_stack(out, profile, at->parent);
	} else {
		put_frame(out, profile->functions[at->function].space);
	}
	putc(';', out);
	put_frame(out, profile->functions[at->function].name);
}

int export_folded(struct export *export)
{
	struct profile profile;
	int result = profile_read(export, &profile);
	for (size_t i = 1; result == 0 && i < profile.node_count; i++) {
		if (!profile.nodes[i].self[COST_CYCLES])
			continue;
		put_stack(export->out, &profile, i);
		fprintf(export->out, " %" PRIu64 "\n", profile.nodes[i].self[COST_CYCLES]);
	}
	profile_free(&profile);
	return result;
}

/* ---- callgrind ---- */

/* A call of one function by another, over all contexts. */
struct call {
	size_t caller, callee;
	uint64_t count, inclusive[COSTS];
};

struct sums {
	uint64_t (*self)[COSTS]; /* by function */
	uint64_t (*inclusive)[COSTS]; /* by node */
	struct call *calls;
	size_t call_count;
};

static void add_costs(uint64_t into[COSTS], const uint64_t costs[COSTS])
{
	for (unsigned i = 0; i < COSTS; i++)
		into[i] += costs[i];
}

/* What a function costs that is called again inside is counted where it was called first. */
static bool is_inside_itself(const struct profile *profile, size_t node)
{
	size_t function = profile->nodes[node].function;
	while ((node = profile->nodes[node].parent) != 0)
		if (profile->nodes[node].function == function)
			return true;
	return false;
}

static int by_call(const void *left, const void *right)
{
	const struct call *a = left, *b = right;
	if (a->caller != b->caller)
		return a->caller < b->caller ? -1 : 1;
	return a->callee < b->callee ? -1 : a->callee > b->callee;
}

static void join_calls(struct sums *sums)
{
	size_t kept = 0;
	qsort(sums->calls, sums->call_count, sizeof *sums->calls, by_call);
	for (size_t i = 0; i < sums->call_count; i++) {
		if (kept && by_call(&sums->calls[kept - 1], &sums->calls[i]) == 0) {
			sums->calls[kept - 1].count += sums->calls[i].count;
			add_costs(sums->calls[kept - 1].inclusive, sums->calls[i].inclusive);
		} else {
			sums->calls[kept++] = sums->calls[i];
		}
	}
	sums->call_count = kept;
}

static void sum_up(const struct profile *profile, struct sums *sums)
{
	for (size_t i = profile->node_count; i-- > 1;) {
		const struct profile_node *node = &profile->nodes[i];
		add_costs(sums->self[node->function], node->self);
		add_costs(sums->inclusive[i], node->self);
		if (!node->parent)
			continue;
		add_costs(sums->inclusive[node->parent], sums->inclusive[i]);
		struct call *call = &sums->calls[sums->call_count++];
		*call = (struct call){
		    profile->nodes[node->parent].function, node->function, node->calls ? node->calls : 1, {0}};
		if (!is_inside_itself(profile, i))
			add_costs(call->inclusive, sums->inclusive[i]);
	}
	join_calls(sums);
}

static void put_costs(FILE *out, const uint64_t costs[COSTS], unsigned count)
{
	putc('0', out); /* the line: a trace knows of none */
	for (unsigned i = 0; i < count; i++)
		fprintf(out, " %" PRIu64, costs[i]);
	putc('\n', out);
}

static void write_callgrind(FILE *out, const struct profile *profile, const struct sums *sums)
{
	unsigned count = profile->has_tlb ? COSTS : COST_TLB;
	uint64_t total[COSTS] = {0};
	for (size_t i = 0; i < profile->function_count; i++)
		add_costs(total, sums->self[i]);
	fprintf(out, "# callgrind format\nversion: 1\ncreator: rvtrace %s\npositions: line\nevents:", RVSIM_VERSION);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, " %s", profile_costs[i]);
	fputs("\nsummary:", out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, " %" PRIu64, total[i]);
	fputs("\n", out);
	size_t call = 0;
	for (size_t i = 0; i < profile->function_count; i++) {
		fprintf(out, "\nfl=%s\nfn=%s\n", profile->functions[i].space, profile->functions[i].name);
		put_costs(out, sums->self[i], count);
		for (; call < sums->call_count && sums->calls[call].caller == i; call++) {
			const struct profile_function *callee = &profile->functions[sums->calls[call].callee];
			fprintf(out, "cfi=%s\ncfn=%s\ncalls=%" PRIu64 " 0\n", callee->space, callee->name,
			        sums->calls[call].count);
			put_costs(out, sums->calls[call].inclusive, count);
		}
	}
	fputs("\ntotals:", out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, " %" PRIu64, total[i]);
	putc('\n', out);
}

int export_callgrind(struct export *export)
{
	struct profile profile;
	int result = profile_read(export, &profile);
	if (result)
		return result;
	struct sums sums = {
	    .self = calloc(profile.function_count + 1, sizeof *sums.self),
	    .inclusive = calloc(profile.node_count, sizeof *sums.inclusive),
	    .calls = calloc(profile.node_count, sizeof *sums.calls),
	};
	if (sums.self && sums.inclusive && sums.calls) {
		sum_up(&profile, &sums);
		write_callgrind(export->out, &profile, &sums);
	} else {
		result = trouble(export->input.path, "no memory");
	}
	free(sums.self);
	free(sums.inclusive);
	free(sums.calls);
	profile_free(&profile);
	return result;
}
