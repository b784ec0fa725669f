/* info mem: what the page tables of the hart's address space map, as a QEMU monitor shows it. */
#include <inttypes.h>
#include "base/json.h"
#include "debug/mappings.h"
#include "hart/mmu.h"
#include "hart/pte.h"

enum { SV39 = 8, LEVEL_BITS = 9 };

/* Addresses that follow each other on both sides, with the same rights. */
struct run {
	uint64_t va, pa, size, rights;
	unsigned levels; /* of the tables */
	struct json *json; /* what tells of it; NULL: text */
};

static const uint64_t rights = PTE_R | PTE_W | PTE_X | PTE_U | PTE_G | PTE_A | PTE_D;

static void print_run(struct debugger *debugger, struct run *run)
{
	uint64_t r = run->rights;
	const char letters[] = {
	    r & PTE_R ? 'r' : '-', r & PTE_W ? 'w' : '-', r & PTE_X ? 'x' : '-', r & PTE_U ? 'u' : '-',
	    r & PTE_G ? 'g' : '-', r & PTE_A ? 'a' : '-', r & PTE_D ? 'd' : '-', '\0'};
	if (run->size != 0 && run->json) {
		json_open(run->json, NULL, '{');
		json_hex(run->json, "va", run->va);
		json_hex(run->json, "pa", run->pa);
		json_hex(run->json, "size", run->size);
		json_string(run->json, "rights", letters);
		json_close(run->json, '}');
	} else if (run->size != 0) {
		fprintf(debugger->out, "%016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %s\n", run->va, run->pa, run->size,
		        letters);
	}
	run->size = 0;
}

/* The last PTE of the first stage that a walk came to. */
static void note_step(void *context, const struct walk_step *step)
{
	if (step->stage != STAGE_G && step->pte_read)
		*(struct walk_step *)context = *step;
}

/* One PTE's addresses from va on, which is aligned to them. Returns how many there are. */
static uint64_t look_at_mapping(struct debugger *debugger, const struct mmu_context *context, uint64_t va,
                                struct run *run)
{
	struct walk_step step = {.level = run->levels - 1}; /* if not even the first can be read */
	struct translation translation;
	struct trap trap;
	mmu_walk(current(debugger), va, 1, ACCESS_LOAD, context, false, note_step, &step, &translation, &trap);
	uint64_t size = UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * step.level),
		 pa = pte_ppn(step.pte) << PAGE_SHIFT & ~(size - 1);
	if (!(step.pte & PTE_V) || !step.leaf || run->rights != (step.pte & rights) || va != run->va + run->size ||
	    pa != run->pa + run->size)
		print_run(debugger, run);
	if (!(step.pte & PTE_V) || !step.leaf)
		return size;
	if (run->size == 0)
		*run = (struct run){va, pa, 0, step.pte & rights, run->levels, run->json};
	run->size += size;
	return size;
}

/* Half of the address space: both are as large, and in between is nothing. */
static void print_half(struct debugger *debugger, const struct mmu_context *context, uint64_t start, unsigned levels,
                       struct json *json)
{
	uint64_t size = UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * levels - 1);
	struct run run = {.levels = levels, .json = json};
	enum { LOOKS = 4096 };
	unsigned looks = 0;
	for (uint64_t at = 0; at < size && !(++looks % LOOKS == 0 && debug_interrupted(debugger));)
		at += look_at_mapping(debugger, context, start + at, &run);
	print_run(debugger, &run);
}

void info_mem(struct debugger *debugger, struct json *json)
{
	struct hart *hart = current(debugger);
	bool virt = mode_virt(hart->mode);
	uint64_t satp = virt ? hart->csr.vsatp : hart->csr.satp;
	unsigned mode = (unsigned)(satp >> 60), levels = mode < SV39 ? 0 : 3 + mode - SV39;
	struct mmu_context context = mmu_context_in(hart, virt ? MODE_VS : MODE_HS, false);
	if (json) {
		json_string(json, "register", virt ? "vsatp" : "satp");
		json_hex(json, "value", satp);
		json_open(json, "ranges", '[');
	} else if (levels) {
		fprintf(debugger->out, "%-16s %-16s %-16s attr\n", "vaddr", virt ? "gpaddr" : "paddr", "size");
	} else {
		fprintf(debugger->out, "no page table: addresses are %sphysical\n", virt ? "guest-" : "");
	}
	if (levels) {
		print_half(debugger, &context, 0, levels, json);
		print_half(debugger, &context, -(UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * levels - 1)), levels, json);
	}
	if (json)
		json_close(json, ']');
}
