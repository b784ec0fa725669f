/* info cache and info tlb: what the hart's caches and TLBs hold, as its preset has them; `info tlb engine`: rvsim's own. */
#include <inttypes.h>
#include <stdlib.h>
#include "debug/switches.h"
#include "debug/commands.h"
#include "hart/mmu.h"
#include "hart/tlb.h"
#include "timing/model.h"

static const struct model *model_of(struct debugger *debugger, const char *what)
{
	const struct hart *hart = current(debugger);
	if (!hart->model)
		complain(debugger, "hart %u has no %s%s", hart->id, what,
		         hart->parked ? " yet: its timing is off" : ": --cpu cva6, rocket or u74 has");
	return hart->model;
}

/* ---- caches ---- */

static void print_cache(struct debugger *debugger, const char *name, const struct cache *cache, uint64_t misses)
{
	unsigned valid = 0, dirty = 0, lines = cache->sets * cache->ways;
	for (unsigned i = 0; i < lines; i++) {
		valid += cache->lines[i] & 1;
		dirty += cache->lines[i] & 1 && cache->dirty && cache->dirty[i];
	}
	fprintf(debugger->out, "%-4s %u KiB: %u sets of %u ways, lines of %u bytes; %u of %u valid", name,
	        (lines << cache->shift) >> 10, cache->sets, cache->ways, 1u << cache->shift, valid, lines);
	if (cache->dirty)
		fprintf(debugger->out, ", %u dirty", dirty);
	fprintf(debugger->out, "; %" PRIu64 " misses\n", misses);
}

/* Lines by set, `from` to before `end`. */
static void print_cache_lines(struct debugger *debugger, const struct cache *cache)
{
	for (unsigned set = 0; set < cache->sets && !debug_interrupted(debugger); set++)
		for (unsigned way = 0; way < cache->ways; way++) {
			unsigned slot = set * cache->ways + way;
			if (cache->lines[slot] & 1)
				fprintf(debugger->out, "set %-4u way %-2u pa 0x%" PRIx64 "%s\n", set, way,
				        cache->lines[slot] >> 1 << cache->shift,
				        cache->dirty && cache->dirty[slot] ? " dirty" : "");
		}
}

TOPIC(topic_cache, 140, "cache", "ca", "[NAME]", "the preset's caches: what they hold, hits and misses")
{
	const struct model *model = model_of(debugger, "caches");
	if (!model)
		return false;
	const struct {
		const char *name;
		const struct cache *cache;
		uint64_t misses;
	} caches[] = {
	    {"l1i", &model->l1i, model->counts.icache_misses},
	    {"l1d", &model->l1d, model->counts.dcache_misses},
	    {"l2", model->shared->has_l2 ? &model->shared->l2 : NULL, model->counts.l2_misses},
	};
	size_t length;
	const char *word = next_word(&args, &length);
	bool any = false;
	for (unsigned i = 0; i < sizeof caches / sizeof caches[0]; i++) {
		if (!caches[i].cache || (length && !word_is(word, length, caches[i].name)))
			continue;
		any = true;
		print_cache(debugger, caches[i].name, caches[i].cache, caches[i].misses);
		if (length)
			print_cache_lines(debugger, caches[i].cache);
	}
	return any ||
	       complain(debugger, "no cache `%.*s': l1i l1d%s", (int)length, word, model->shared->has_l2 ? " l2" : "");
}

/* ---- TLBs ---- */

static void print_tlb_page(struct debugger *debugger, const struct page_entry *entry, unsigned index)
{
	uint64_t space = entry->space;
	fprintf(debugger->out, "  %3u %-2s va 0x%016" PRIx64 " 2^%u", index, space_virt(space) ? "VS" : "S",
	        entry->vpn << entry->shift, entry->shift);
	if (space_mode(space) == 0)
		fprintf(debugger->out, " bare");
	else if (entry->ignore)
		fprintf(debugger->out, " global");
	else
		fprintf(debugger->out, " asid %u", space_asid(space));
	if (space_virt(space))
		fprintf(debugger->out, " vmid %u", space_vmid(space));
	fputc('\n', debugger->out);
}

static void print_pages(struct debugger *debugger, const char *name, const struct page_entry *entries, unsigned count,
                        const char *kind, uint64_t misses)
{
	unsigned valid = 0, guests = 0;
	for (unsigned i = 0; i < count; i++) {
		valid += entries[i].shift != 0;
		guests += entries[i].shift != 0 && space_virt(entries[i].space);
	}
	fprintf(debugger->out, "%s: %u entries, %s; %u valid, %u of guests; %" PRIu64 " misses\n", name, count, kind,
	        valid, guests, misses);
	for (unsigned i = 0; i < count && !(i % 256 == 255 && debug_interrupted(debugger)); i++)
		if (entries[i].shift)
			print_tlb_page(debugger, &entries[i], i);
}

static void print_entry(void *context, uint64_t va, uint64_t pa, unsigned page_shift, bool virt, unsigned asid,
                        unsigned vmid, const char *perms)
{
	struct debugger *debugger = context;
	fprintf(debugger->out, "%-2s va 0x%016llx pa 0x%014llx 2^%u asid %u vmid %u %s\n", virt ? "VS" : "S",
	        (unsigned long long)va, (unsigned long long)pa, page_shift, asid, vmid, perms);
}

static void print_engine(struct debugger *debugger)
{
	const struct mmu_stats *stats = mmu_stats(current(debugger));
	mmu_visit_tlb(current(debugger), print_entry, debugger);
	fprintf(debugger->out, "hits %llu misses %llu, PTE reads S %llu VS %llu G %llu\n",
	        (unsigned long long)stats->hits, (unsigned long long)stats->misses,
	        (unsigned long long)stats->pte_reads_s, (unsigned long long)stats->pte_reads_vs,
	        (unsigned long long)stats->pte_reads_g);
}

TOPIC(topic_tlb, 145, "tlb", "tl", "[NAME|engine]", "the preset's TLBs; engine: rvsim's own")
{
	size_t length;
	const char *word = next_word(&args, &length);
	bool engine = word_is(word, length, "engine");
	if ((length && !engine) || *args)
		return complain(debugger, "info tlb [engine]");
	const struct model *model = current(debugger)->model;
	if (engine || !model) { /* a hart without a preset has no other */
		print_engine(debugger);
		return true;
	}
	const struct event_counts *counts = &model->counts;
	print_pages(debugger, "itlb", model->itlb.entries, model->itlb.count, "fully associative", counts->itlb_misses);
	print_pages(debugger, "dtlb", model->dtlb.entries, model->dtlb.count, "fully associative", counts->dtlb_misses);
	if (model->ptw.second)
		print_pages(debugger, "l2tlb", model->ptw.second, model->ptw.second_entries, "direct-mapped",
		            counts->itlb_misses + counts->dtlb_misses - counts->l2tlb_hits);
	return true;
}
