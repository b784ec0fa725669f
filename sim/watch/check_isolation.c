/*
 * --check isolation: who may write which DRAM page through a G-stage table.
 *
 * A map has an owner for each DRAM page: the VMID whose table lets it be written, the VMID whose table it is part of,
 * or the hypervisor. Scanning a VMID's table makes the map right for it; a page with another owner is a violation, once
 * that owner has been looked at again: it may have given the page up. A scan is due when a hart enters a guest under an
 * hgatp that it did not enter last, or after it executed a fence since it left one: a hypervisor must fence what it
 * changes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/bus.h"
#include "base/say.h"
#include "hart/mmu.h"
#include "hart/pte.h"
#include "watch/check_state.h"

enum {
	OWNER_NONE = 0,
	OWNER_TABLE = 0x8000, /* | (vmid + 1): part of its table. Without it: writable by it */
	OWNER_HOST = 0xffff,
	ROOT_ENTRIES = 2048,
	TABLE_ENTRIES = 512,
	MODE_SV39X4 = 8,
	MODE_SV57X4 = 10,
};

struct scan {
	struct check *check;
	struct hart *hart;
	const struct trace_event *event;
	uint16_t owner;      /* vmid + 1 */
	bool tables;         /* mark the table's pages, not what they map */
	bool refresh;        /* of another VMID: takes only what is free, reports nothing */
	bool done;           /* a violation was found */
	uint16_t refreshed;  /* the owner refreshed last in this scan */
};

static uint16_t *owner_of(struct check *check, uint64_t page)
{
	return &check->isolation.owner[(page - check->config.bus->dram_base) >> PAGE_SHIFT];
}

/* The per-CPU array is the hypervisor's. */
static void claim_percpu(struct check *check)
{
	const struct bus *bus = check->config.bus;
	uint64_t page = check->percpu.base & ~(uint64_t)(PAGE_SIZE - 1);
	uint64_t size = check->percpu.base - page + check->percpu.size * check->percpu.count;
	if (check->has_percpu)
		for (uint64_t at = 0; at < size && bus_is_dram(bus, page + at, PAGE_SIZE); at += PAGE_SIZE)
			*owner_of(check, page + at) = OWNER_HOST;
}

int check_isolation_init(struct check *check)
{
	struct isolation *isolation = &check->isolation;
	const struct bus *bus = check->config.bus;
	if (!(check->config.kinds & CHECK_ISOLATION))
		return 0;
	isolation->pages = bus->dram_size >> PAGE_SHIFT;
	isolation->owner = calloc(isolation->pages, sizeof(*isolation->owner));
	isolation->hgatp = calloc(VMIDS, sizeof(*isolation->hgatp));
	isolation->seen = calloc(2 * isolation->pages, 1);
	isolation->last = calloc(isolation->pages, sizeof(*isolation->last));
	isolation->runs = calloc(VMIDS, sizeof(*isolation->runs));
	isolation->marks = calloc(isolation->pages, sizeof(struct outside_marks *));
	if (!isolation->owner || !isolation->hgatp || !isolation->seen || !isolation->last || !isolation->runs ||
	    !isolation->marks)
		return say("no memory for --check");
	claim_percpu(check);
	return 0;
}

void check_isolation_forget(struct check *check)
{
	struct isolation *isolation = &check->isolation;
	if (!(check->config.kinds & CHECK_ISOLATION))
		return;
	memset(isolation->owner, 0, isolation->pages * sizeof(*isolation->owner));
	memset(isolation->hgatp, 0, VMIDS * sizeof(*isolation->hgatp));
	memset(isolation->seen, 0, 2 * isolation->pages);
	isolation->zone_count = 0;
	check_pages_forget(check);
	claim_percpu(check);
}

void check_isolation_free(struct check *check)
{
	free(check->isolation.owner);
	free(check->isolation.hgatp);
	free(check->isolation.seen);
	free(check->isolation.zones);
	check_pages_free(check);
}

static void scan_all(struct scan *scan, uint64_t hgatp);

/* What `owner` holds now, not when it was scanned last. */
static void rescan(struct scan *scan, uint16_t owner)
{
	struct scan other = {.check = scan->check, .owner = owner & (uint16_t)~OWNER_TABLE, .refresh = true};
	scan->refreshed = owner;
	scan_all(&other, scan->check->isolation.hgatp[other.owner - 1]);
}

static void report_shared(struct scan *scan, uint64_t page, uint16_t owner)
{
	unsigned vmid = scan->owner - 1u, other = (owner & (unsigned)~OWNER_TABLE) - 1u;
	enum mode mode = (enum mode)scan->event->mode;
	scan->done = true;
	if (owner == OWNER_HOST)
		check_violation(scan->check, "isolation", scan->hart, mode, scan->event->pc,
		                "VMID %u may write 0x%" PRIx64 ", the hypervisor's per-CPU data", vmid, page);
	else if (owner & OWNER_TABLE)
		check_violation(scan->check, "isolation", scan->hart, mode, scan->event->pc,
		                "VMID %u may write 0x%" PRIx64 ", a G-stage table of VMID %u", vmid, page, other);
	else
		check_violation(scan->check, "isolation", scan->hart, mode, scan->event->pc,
		                "VMID %u may write 0x%" PRIx64 ", as VMID %u may", vmid, page, other);
}

/* A page comes to a VMID that did not have it last. */
static void take_page(struct scan *scan, uint64_t page)
{
	uint64_t pa;
	size_t index = (page - scan->check->config.bus->dram_base) >> PAGE_SHIFT;
	unsigned before = scan->check->isolation.last[index];
	if (check_pages_given(scan->check, index, scan->owner, &pa))
		return;
	scan->done = true;
	check_violation(scan->check, "isolation", scan->hart, (enum mode)scan->event->mode, scan->event->pc,
	                "VMID %u gets 0x%" PRIx64 " with what VMID %u left there", scan->owner - 1u, pa, before - 1u);
}

static void claim_page(struct scan *scan, uint64_t page, uint16_t as)
{
	uint16_t *owner = owner_of(scan->check, page);
	if (*owner != OWNER_NONE && *owner != as && scan->refresh)
		return;
	bool own = (*owner & (uint16_t)~OWNER_TABLE) == scan->owner;
	if (*owner != OWNER_NONE && *owner != OWNER_HOST && !own && *owner != scan->refreshed)
		rescan(scan, *owner);
	if (*owner == OWNER_NONE || *owner == as) {
		*owner = as;
		if (as == scan->owner && !scan->refresh)
			take_page(scan, page);
	} else
		report_shared(scan, page, *owner);
}

/* Of a superpage, which may be larger than all of DRAM, only what is DRAM counts. */
static void claim_leaf(struct scan *scan, uint64_t pa, uint64_t size)
{
	const struct bus *bus = scan->check->config.bus;
	uint64_t start = pa > bus->dram_base ? pa : bus->dram_base, dram_end = bus->dram_base + bus->dram_size;
	uint64_t end = pa + size < dram_end ? pa + size : dram_end;
	for (uint64_t page = start; page < end && !scan->done; page += PAGE_SIZE)
		claim_page(scan, page, scan->owner);
}

/* Was this table scanned at this level before? Tables may hold themselves: once is enough, however many ways lead
 * there. */
static bool scanned(struct scan *scan, uint64_t table, unsigned level)
{
	struct isolation *isolation = &scan->check->isolation;
	uint64_t page = (table - scan->check->config.bus->dram_base) >> PAGE_SHIFT;
	uint8_t *seen = &isolation->seen[scan->refresh * isolation->pages + page];
	bool before = *seen >> level & 1;
	*seen |= (uint8_t)(1u << level);
	return before;
}

/* level: 0 for 4 KiB leaves. Tables outside DRAM or leaves that are misaligned fault when used: nothing is reached. */
static void scan_table(struct scan *scan, uint64_t table, unsigned entries, unsigned level)
{
	const struct bus *bus = scan->check->config.bus;
	uint64_t size = UINT64_C(1) << (PAGE_SHIFT + VPN_BITS * level);
	if (!bus_is_dram(bus, table, entries * UINT64_C(8)) || scanned(scan, table, level))
		return;
	for (uint64_t page = table; scan->tables && page < table + entries * UINT64_C(8); page += PAGE_SIZE)
		claim_page(scan, page, scan->owner | OWNER_TABLE);
	for (unsigned i = 0; i < entries && !scan->done; i++) {
		uint64_t pte;
		memcpy(&pte, bus_host(bus, table + i * UINT64_C(8)), sizeof(pte));
		uint64_t pa = pte_ppn(pte) << PAGE_SHIFT;
		if (!(pte & PTE_V))
			continue;
		if (!(pte & PTE_RWX)) {
			if (level)
				scan_table(scan, pa, TABLE_ENTRIES, level - 1);
		} else if (!scan->tables && pte & PTE_W && !(pa & (size - 1))) {
			claim_leaf(scan, pa, size);
		}
	}
}

static void scan_all(struct scan *scan, uint64_t hgatp)
{
	struct isolation *isolation = &scan->check->isolation;
	uint64_t mode = hgatp >> hgatp_MODE_LOW, root = (hgatp & hgatp_PPN) << PAGE_SHIFT;
	/* What this VMID had before, it may have no more. */
	for (size_t i = 0; i < isolation->pages; i++)
		if (isolation->owner[i] == scan->owner || isolation->owner[i] == (scan->owner | OWNER_TABLE))
			isolation->owner[i] = OWNER_NONE;
	for (unsigned pass = 0; pass < 2 && !scan->done && mode >= MODE_SV39X4 && mode <= MODE_SV57X4; pass++) {
		scan->tables = pass == 0;
		memset(isolation->seen + scan->refresh * isolation->pages, 0, isolation->pages);
		scan_table(scan, root, ROOT_ENTRIES, (unsigned)(mode - MODE_SV39X4) + 2);
	}
	for (size_t i = 0; i < isolation->pages; i++)
		if (isolation->last[i] == scan->owner && isolation->owner[i] != scan->owner)
			check_pages_lost(scan->check, i);
}

static void scan_zone(struct check *check, struct hart *hart, const struct trace_event *event)
{
	uint64_t hgatp = event->value[2];
	unsigned vmid = (unsigned)((hgatp & hgatp_VMID) >> hgatp_VMID_LOW);
	struct scan scan = {.check = check, .hart = hart, .event = event, .owner = (uint16_t)(vmid + 1)};
	check->isolation.hgatp[vmid] = hgatp;
	scan_all(&scan, hgatp);
}

void check_isolation_exit(struct check *check, struct hart *hart, const struct trace_event *event)
{
	if (!(check->config.kinds & CHECK_ISOLATION))
		return;
	check->harts[hart->id].fences = mmu_stats(hart)->fences;
	check_residue_exit(check, hart, event);
}

void check_isolation_entry(struct check *check, struct hart *hart, const struct trace_event *event)
{
	struct check_hart *state = &check->harts[hart->id];
	if (!(check->config.kinds & CHECK_ISOLATION))
		return;
	check_residue_entry(check, hart, event);
	if (!state->entered || state->hgatp != event->value[2] || state->fences != mmu_stats(hart)->fences)
		scan_zone(check, hart, event);
	state->entered = true;
	state->hgatp = event->value[2];
	check->isolation.runs[(event->value[2] & hgatp_VMID) >> hgatp_VMID_LOW]++;
}

void check_isolation_save(const struct check *check, struct state_writer *writer)
{
	const struct isolation *isolation = &check->isolation;
	state_write_u64(writer, isolation->pages);
	state_write(writer, isolation->owner, isolation->pages * sizeof(*isolation->owner));
	state_write(writer, isolation->hgatp, isolation->pages ? VMIDS * sizeof(*isolation->hgatp) : 0);
	check_pages_save(check, writer);
	check_residue_save(check, writer);
}

void check_isolation_restore(struct check *check, struct state_reader *reader)
{
	struct isolation *isolation = &check->isolation;
	if (state_read_u64(reader) != isolation->pages) {
		state_refuse(reader, "check: another size of memory");
		return;
	}
	state_read(reader, isolation->owner, isolation->pages * sizeof(*isolation->owner));
	state_read(reader, isolation->hgatp, isolation->pages ? VMIDS * sizeof(*isolation->hgatp) : 0);
	check_pages_restore(check, reader);
	check_residue_restore(check, reader);
	for (size_t i = 0; i < isolation->pages; i++) {
		unsigned owner = isolation->owner[i], vmid = (owner & (unsigned)~OWNER_TABLE) - 1;
		if (owner != OWNER_NONE && owner != OWNER_HOST && vmid >= VMIDS)
			state_refuse(reader, "check: a page's owner is no VMID");
	}
}
