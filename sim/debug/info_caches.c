/* info cache and info tlb: what the hart's caches and TLBs hold, as its preset has them; `info tlb engine`: rvsim's own. */
#include <inttypes.h>
#include <stdlib.h>
#include "debug/as_json.h"
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

enum { CACHES = 3 };
struct known_cache {
	const char *name;
	const struct cache *cache; /* NULL: there is none */
	uint64_t misses;
};

static void find_caches(const struct model *model, struct known_cache caches[CACHES])
{
	caches[0] = (struct known_cache){"l1i", &model->l1i, model->counts.icache_misses};
	caches[1] = (struct known_cache){"l1d", &model->l1d, model->counts.dcache_misses};
	caches[2] = (struct known_cache){"l2", model->shared->has_l2 ? &model->shared->l2 : NULL,
	                                 model->counts.l2_misses};
}

static void count_lines(const struct cache *cache, unsigned *valid, unsigned *dirty)
{
	*valid = *dirty = 0;
	for (unsigned i = 0; i < cache->sets * cache->ways; i++) {
		*valid += cache->lines[i] & 1;
		*dirty += cache->lines[i] & 1 && cache->dirty && cache->dirty[i];
	}
}

static void print_cache(struct debugger *debugger, const char *name, const struct cache *cache, uint64_t misses)
{
	unsigned valid, dirty, lines = cache->sets * cache->ways;
	count_lines(cache, &valid, &dirty);
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

static void cache_lines_json(struct debugger *debugger, const struct cache *cache, struct json *json)
{
	json_open(json, "lines", '[');
	for (unsigned set = 0; set < cache->sets && !debug_interrupted(debugger); set++)
		for (unsigned way = 0; way < cache->ways; way++) {
			unsigned slot = set * cache->ways + way;
			if (!(cache->lines[slot] & 1))
				continue;
			json_open(json, NULL, '{');
			json_u64(json, "set", set);
			json_u64(json, "way", way);
			json_hex(json, "pa", cache->lines[slot] >> 1 << cache->shift);
			json_bool(json, "dirty", cache->dirty && cache->dirty[slot]);
			json_close(json, '}');
		}
	json_close(json, ']');
}

static void cache_json(const struct known_cache *known, struct json *json)
{
	const struct cache *cache = known->cache;
	unsigned valid, dirty;
	count_lines(cache, &valid, &dirty);
	json_string(json, "cache", known->name);
	json_u64(json, "sets", cache->sets);
	json_u64(json, "ways", cache->ways);
	json_u64(json, "line_bytes", UINT64_C(1) << cache->shift);
	json_u64(json, "valid", valid);
	if (cache->dirty)
		json_u64(json, "dirty", dirty);
	else
		json_null(json, "dirty");
	json_u64(json, "misses", known->misses);
}

static bool is_no_cache(struct debugger *debugger, const struct model *model, const char *word, size_t length)
{
	return complain(debugger, "no cache `%.*s': l1i l1d%s", (int)length, word, model->shared->has_l2 ? " l2" : "");
}

TOPIC(topic_cache, 140, "cache", "ca", "[NAME]", "the preset's caches: what they hold, hits and misses")
{
	const struct model *model = model_of(debugger, "caches");
	if (!model)
		return false;
	struct known_cache caches[CACHES];
	size_t length;
	find_caches(model, caches);
	const char *word = next_word(&args, &length);
	bool any = false;
	for (unsigned i = 0; i < CACHES; i++) {
		if (!caches[i].cache || (length && !word_is(word, length, caches[i].name)))
			continue;
		any = true;
		print_cache(debugger, caches[i].name, caches[i].cache, caches[i].misses);
		if (length)
			print_cache_lines(debugger, caches[i].cache);
	}
	return any || is_no_cache(debugger, model, word, length);
}

AS_JSON(topic_cache)
{
	const struct model *model = model_of(debugger, "caches");
	if (!model)
		return false;
	struct known_cache caches[CACHES];
	size_t length;
	find_caches(model, caches);
	const char *word = next_word(&args, &length);
	bool any = false;
	json_open(json, "caches", '[');
	for (unsigned i = 0; i < CACHES; i++) {
		if (!caches[i].cache || (length && !word_is(word, length, caches[i].name)))
			continue;
		any = true;
		json_open(json, NULL, '{');
		cache_json(&caches[i], json);
		if (length)
			cache_lines_json(debugger, caches[i].cache, json);
		json_close(json, '}');
	}
	json_close(json, ']');
	return any || is_no_cache(debugger, model, word, length);
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

/* The word is `engine', or the hart has no other TLB. False after a complaint. */
static bool choose_tlb(struct debugger *debugger, const char *args, bool *engine)
{
	size_t length;
	const char *word = next_word(&args, &length);
	*engine = word_is(word, length, "engine");
	if ((length && !*engine) || *args)
		return complain(debugger, "info tlb [engine]");
	*engine |= !current(debugger)->model;
	return true;
}

TOPIC(topic_tlb, 145, "tlb", "tl", "[engine]", "the preset's TLBs; engine: rvsim's own")
{
	bool engine;
	if (!choose_tlb(debugger, args, &engine))
		return false;
	const struct model *model = current(debugger)->model;
	if (engine) {
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

static void page_json(const struct page_entry *entry, unsigned index, struct json *json)
{
	uint64_t space = entry->space;
	json_open(json, NULL, '{');
	json_u64(json, "index", index);
	json_bool(json, "virt", space_virt(space));
	json_hex(json, "va", entry->vpn << entry->shift);
	json_u64(json, "shift", entry->shift);
	json_bool(json, "bare", space_mode(space) == 0);
	json_bool(json, "global", space_mode(space) != 0 && entry->ignore);
	json_u64(json, "asid", space_asid(space));
	json_u64(json, "vmid", space_vmid(space));
	json_close(json, '}');
}

static void pages_json(const char *name, const struct page_entry *entries, unsigned count, uint64_t misses,
                       struct json *json)
{
	json_open(json, NULL, '{');
	json_string(json, "tlb", name);
	json_u64(json, "size", count);
	json_u64(json, "misses", misses);
	json_open(json, "entries", '[');
	for (unsigned i = 0; i < count; i++)
		if (entries[i].shift)
			page_json(&entries[i], i, json);
	json_close(json, ']');
	json_close(json, '}');
}

static void entry_json(void *context, uint64_t va, uint64_t pa, unsigned page_shift, bool virt, unsigned asid,
                       unsigned vmid, const char *perms)
{
	struct json *json = context;
	json_open(json, NULL, '{');
	json_bool(json, "virt", virt);
	json_hex(json, "va", va);
	json_hex(json, "pa", pa);
	json_u64(json, "shift", page_shift);
	json_u64(json, "asid", asid);
	json_u64(json, "vmid", vmid);
	json_string(json, "rights", perms);
	json_close(json, '}');
}

/* Numbers are named as in --stats. */
static void engine_json(const struct hart *hart, struct json *json)
{
	const struct mmu_stats *stats = mmu_stats(hart);
	json_open(json, NULL, '{');
	json_string(json, "tlb", "engine");
	json_u64(json, "tlb_hits", stats->hits);
	json_u64(json, "tlb_misses", stats->misses);
	json_u64(json, "pte_reads_s", stats->pte_reads_s);
	json_u64(json, "pte_reads_vs", stats->pte_reads_vs);
	json_u64(json, "pte_reads_g", stats->pte_reads_g);
	json_open(json, "entries", '[');
	mmu_visit_tlb(hart, entry_json, json);
	json_close(json, ']');
	json_close(json, '}');
}

static void preset_json(const struct model *model, struct json *json)
{
	const struct event_counts *counts = &model->counts;
	pages_json("itlb", model->itlb.entries, model->itlb.count, counts->itlb_misses, json);
	pages_json("dtlb", model->dtlb.entries, model->dtlb.count, counts->dtlb_misses, json);
	if (model->ptw.second)
		pages_json("l2tlb", model->ptw.second, model->ptw.second_entries,
		           counts->itlb_misses + counts->dtlb_misses - counts->l2tlb_hits, json);
}

AS_JSON(topic_tlb)
{
	bool engine;
	if (!choose_tlb(debugger, args, &engine))
		return false;
	json_open(json, "tlbs", '[');
	if (engine)
		engine_json(current(debugger), json);
	else
		preset_json(current(debugger)->model, json);
	json_close(json, ']');
	return true;
}
