#include "machine/semihost.h"

#include <stdio.h>
#include "dev/semihosting.h"
#include "hart/mmu.h"
#include "machine/loader.h"

enum { REG_A0 = 10, REG_A1 = 11 };

/* One access that crosses no page, as the hart's own would be, but that a fault is no trap. */
static bool reach_memory(struct hart *hart, uint64_t va, size_t size, enum access access, uint64_t *pa)
{
	struct mmu_context context = mmu_context_data(hart);
	struct translation translation;
	bool reached = mmu_translate(hart, mmu_unmasked(hart, &context, va), (unsigned)size, access, &context,
	                             &translation);
	if (!reached)
		hart->trap = (struct trap){0};
	*pa = translation.pa;
	return reached && bus_is_dram(hart->bus, *pa, size);
}

static size_t to_page_end(uint64_t va, size_t size)
{
	size_t left = PAGE_SIZE - va % PAGE_SIZE;
	return size < left ? size : left;
}

static bool read_caller(void *caller, uint64_t va, void *bytes, size_t size)
{
	struct hart *hart = caller;
	uint64_t pa;
	for (size_t at = 0, part; at < size; at += part) {
		part = to_page_end(va + at, size - at);
		if (!reach_memory(hart, va + at, part, ACCESS_LOAD, &pa) ||
		    !bus_dma_read(hart->bus, pa, (uint8_t *)bytes + at, part))
			return false;
	}
	return true;
}

static bool write_caller(void *caller, uint64_t va, const void *bytes, size_t size)
{
	struct hart *hart = caller;
	uint64_t pa;
	for (size_t at = 0, part; at < size; at += part) {
		part = to_page_end(va + at, size - at);
		if (!reach_memory(hart, va + at, part, ACCESS_STORE, &pa) ||
		    !bus_dma_write(hart->bus, pa, (const uint8_t *)bytes + at, part))
			return false;
	}
	return true;
}

static void program_exits(void *context, uint64_t code)
{
	char message[64];
	if (code == 0) {
		machine_stop(context, STOP_PASS, 0, NULL);
		return;
	}
	snprintf(message, sizeof(message), "the program signalled failure: code %llu", (unsigned long long)code);
	machine_stop(context, STOP_FAIL, (unsigned)code, message);
}

static bool hart_calls(void *context, struct hart *hart)
{
	struct machine *machine = context;
	uint64_t answer;
	if (!semihosting_call(machine->semihosting, hart, hart->x[REG_A0], hart->x[REG_A1], hart->now, &answer)) {
		hart->waiting = true; /* for input */
		hart->wake_cycle = hart->now + SEMIHOSTING_TICKS * machine->platform.cycles_per_tick;
		return false;
	}
	hart->x[REG_A0] = answer;
	return true;
}

int semihost_add(struct machine *machine, const struct layout *layout)
{
	const struct config *config = machine->config;
	struct semihosting_config semihosting = {
	    .console = machine->console,
	    .folder = config->semihosting.folder,
	    .command_line = config->semihosting.command_line ? config->semihosting.command_line : "",
	    .epoch = config->rtc_epoch,
	    .cycles_per_tick = machine->platform.cycles_per_tick,
	    .read = read_caller,
	    .write = write_caller,
	    .exit = program_exits,
	    .context = machine,
	};
	if (!config->semihosting.on)
		return 0;
	layout_largest_gap(layout, &semihosting.heap_base, &semihosting.heap_limit);
	machine->semihosting = semihosting_new(&semihosting);
	if (!machine->semihosting)
		return -1;
	machine->engine.semihosting.call = hart_calls;
	machine->engine.semihosting.context = machine;
	machine->engine.semihosting.user = config->semihosting.user;
	return 0;
}
