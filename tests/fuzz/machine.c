/*
 * Whole machines: random code, data, page tables, CSRs and registers, harts in any of the five modes. What a program
 * does is for other tests to judge; here nothing may crash or hang, and every engine setting must reach the same state:
 * registers, CSRs, cycles, default events, every byte of DRAM.
 */
#include <elf.h>
#include <inttypes.h>
#include "csr/csr.h"
#include "engine/block.h"
#include "isa/insn.h"
#include "machine/machine.h"
#include "machine/sched.h"
#include "small.h"
#include "watch/check.h"
#include "trace/trace.h"

#define DRAM UINT64_C(0x80000000)
enum {
	PAGE = 4096,
	DRAM_PAGES = 64,
	CODE_PAGES = 4, /* from the start; then data */
	DATA_PAGES = 4,
	HANDLERS = 8, /* page of the usual trap handlers */
	TABLES = 16, /* page of the G-stage's root, which is four; then the other tables */
	TABLE_PAGES = 13,
	USED_PAGES = TABLES + TABLE_PAGES,
	HARTS = 3,
	INSNS = 800,
	CYCLES = 3000,
	TIMING_CHANGES = 12,
};

/* What every machine of one input starts with. */
struct start {
	uint8_t memory[USED_PAGES * PAGE];
	char smp[8], quantum[8], timing_from[16], pmp[32], geilen[32], asid[32], vmid[32];
	const char *isa, *cpu;
	struct { unsigned row, value; } timing[TIMING_CHANGES];
	unsigned timing_count;
	struct hart_options choices;
	uint64_t rnmi_cycle;
	uint8_t block_ops;
	bool hostile, limited;
};

/* The firmware: one instruction, and the symbols that HTIF and --check percpu go by. */
#define TOHOST (DRAM + CODE_PAGES * PAGE)
#define MAGIC (TOHOST + 64) /* a request to HTIF's syscall proxy, in the data */
enum { SYMBOLS = 6, WFI = 0x10500073 };

#define SYMBOL(offset, value) { .st_name = (offset), .st_info = STT_OBJECT, .st_shndx = SHN_ABS, .st_value = (value) }

static const struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Shdr sections[3];
	Elf64_Sym symbols[SYMBOLS];
	char names[64];
	uint32_t code;
} program = {
	.header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_EXEC,
		.e_machine = EM_RISCV, .e_version = EV_CURRENT, .e_entry = DRAM, .e_phoff = offsetof(struct program, segment),
		.e_shoff = offsetof(struct program, sections), .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 3, .e_shstrndx = 2,
	},
	.segment = { .p_type = PT_LOAD, .p_offset = offsetof(struct program, code), .p_vaddr = DRAM, .p_paddr = DRAM,
	             .p_filesz = 4, .p_memsz = 4 },
	.sections = {
		{ 0 },
		{ .sh_type = SHT_SYMTAB, .sh_offset = offsetof(struct program, symbols), .sh_size = SYMBOLS * sizeof(Elf64_Sym),
		  .sh_link = 2, .sh_entsize = sizeof(Elf64_Sym) },
		{ .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct program, names), .sh_size = 64 },
	},
	.symbols = { { 0 }, SYMBOL(1, TOHOST), SYMBOL(8, TOHOST + 8), SYMBOL(17, DRAM + CODE_PAGES * PAGE + 2048),
	             SYMBOL(29, 512), SYMBOL(46, HARTS) },
	.names = "\0tohost\0fromhost\0percpu_base\0percpu_slot_size\0percpu_max",
	.code = WFI,
};

static const char *program_path;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	program_path = file_in_memory("program", &program, sizeof(program));
	return 0;
}

/* Values */

static uint64_t page_address(unsigned page) { return DRAM + (uint64_t)page * PAGE; }

/* Somewhere that something is: mostly DRAM, now and then a device or its border. */
static uint64_t some_address(struct source *source)
{
	static const uint64_t places[] = {
		0x1000, 0x100000, 0x101000, 0x102000, 0x2000000, 0x2004000, 0x200bff8, 0xc000000, 0xc002000, 0xc200000, 0x10000000,
		0x10000004, 0x2000004, 0x2004008, 0xc201004, TOHOST, TOHOST, TOHOST, MAGIC, DRAM - 8,
		DRAM + DRAM_PAGES * PAGE - 4, 0, UINT64_MAX - 7, UINT64_C(1) << 38, UINT64_C(1) << 40,
	};
	if (source_one_in(source, 8))
		return places[source_below(source, sizeof(places) / sizeof(places[0]))] + (source_take(source, 1) & 15);
	uint64_t offset = source_take(source, 2);
	if (source_one_in(source, 8))
		offset |= 0xff8; /* near the end of a page */
	return page_address(source_below(source, USED_PAGES)) + (source_one_in(source, 4) ? offset % PAGE : offset % PAGE & ~7);
}

static uint64_t some_value(struct source *source)
{
	switch (source_below(source, 8)) {
	case 0: return 0;
	case 1: return UINT64_MAX;
	case 2: return UINT64_C(1) << source_below(source, 64);
	case 3: return (UINT64_C(1) << source_below(source, 64)) - 1;
	case 4: return source_take(source, 1);
	case 5: return source_one_in(source, 8) ? MAGIC : source_take(source, 8);
	default: return some_address(source);
	}
}

static uint64_t some_float(struct source *source)
{
	uint64_t value = some_value(source);
	return source_one_in(source, 2) ? value | UINT64_C(0xffffffff00000000) : value;
}

/* Memory */

/*
 * The usual trap handler goes on somewhere in the code, or behind the instruction that trapped: a random one would
 * mostly lead to itself. M-mode's and a supervisor's differ in the CSR and the return; a supervisor's is there for
 * VS-mode too.
 */
enum { EPC = 20, HANDLER_BYTES = 64, ELSEWHERE = 0, M_HANDLER = 0, S_HANDLER = 1, BEHIND = 2, HANDLER_KINDS = 4 };

static const uint32_t handlers[2][12] = {
	{
		0x00002ff3, /* csrr  t6, epc */
		0x01ff0f33, /* add   t5, t5, t6 */
		0x007f1f93, /* slli  t6, t5, 7 */
		0x01ff0f33, /* add   t5, t5, t6 */
		0x005f5f93, /* srli  t6, t5, 5 */
		0x032f9f93, /* slli  t6, t6, 50 */
		0x032fdf93, /* srli  t6, t6, 50: within the code's pages */
		0xffcfff93, /* andi  t6, t6, -4 */
		0xffff8e97, /* auipc t4, -8 pages */
		0x01df8fb3, /* add   t6, t6, t4 */
		0x000f9073, /* csrw  epc, t6 */
	}, {
		0x00002ff3, /* csrr  t6, epc */
		0x004f8f93, /* addi  t6, t6, 4 */
		0x000f9073, /* csrw  epc, t6 */
	},
};

static void fill_handlers(uint8_t *page)
{
	static const uint32_t mret = 0x30200073, sret = 0x10200073;
	for (unsigned kind = 0; kind < HANDLER_KINDS; kind++) {
		uint32_t epc = kind & S_HANDLER ? CSR_sepc : CSR_mepc;
		uint8_t *at = page + kind * HANDLER_BYTES;
		for (const uint32_t *word = handlers[kind / BEHIND]; *word; word++, at += 4) {
			uint32_t bits = (*word & 0x7f) == 0x73 ? *word | epc << EPC : *word;
			memcpy(at, &bits, 4);
		}
		memcpy(at, kind & S_HANDLER ? &sret : &mret, 4);
	}
}

static uint64_t some_vector(struct source *source)
{
	return page_address(0) + (source_take(source, 2) % (CODE_PAGES * PAGE) & ~3) + source_one_in(source, 4);
}

static uint64_t usual_vector(struct source *source, unsigned handler)
{
	if (source_one_in(source, 8))
		return some_vector(source);
	return page_address(HANDLERS) + (handler + (source_one_in(source, 4) ? BEHIND : ELSEWHERE)) * HANDLER_BYTES;
}

/* Any row; one in three is of those that do more than compute. */
static const struct insn_row *some_row(struct source *source)
{
	const uint32_t classes = 1u << CLASS_LOAD | 1u << CLASS_STORE | 1u << CLASS_AMO | 1u << CLASS_LR | 1u << CLASS_SC |
	                         1u << CLASS_BRANCH | 1u << CLASS_JAL | 1u << CLASS_CSR | 1u << CLASS_FENCE | 1u << CLASS_SYSTEM |
	                         1u << CLASS_HLOAD | 1u << CLASS_HSTORE | 1u << CLASS_CACHE;
	bool favored = source_one_in(source, 3);
	unsigned id = 1 + source_below(source, INSN_COUNT - 1);
	for (unsigned i = 0; favored && i < INSN_COUNT && !(classes >> insn_rows[id].class & 1); i++)
		id = id + 1 < INSN_COUNT ? id + 1 : 1;
	return &insn_rows[id];
}

/* With any operands; branches and jumps go near, and CSRs are mostly ones that exist. */
static uint32_t some_insn(struct source *source)
{
	const struct insn_row *row = some_row(source);
	uint32_t operands = (uint32_t)source_take(source, 4);
	if (row->class == CLASS_BRANCH || row->class == CLASS_JAL)
		operands &= 0x00f00f80;
	if (row->class == CLASS_CSR && source_below(source, 8)) {
		unsigned index = source_below(source, 400);
		const struct csr_info *info = csr_info_at(index);
		if (info)
			operands = (operands & 0xfffff) | (uint32_t)info->num << 20;
	}
	return row->match | (operands & ~row->mask);
}

static void fill_code(struct source *source, uint8_t *page)
{
	for (unsigned at = 0; at + 4 <= PAGE;) {
		uint32_t word = source_one_in(source, 16) ? (uint32_t)source_take(source, 4) : some_insn(source);
		if (source_one_in(source, 64)) /* slti x0, x0, 0x50 or 0x51: with --timing from=hint, off and on */
			word = 0x05002013 | source_below(source, 2) << 20;
		unsigned length = (word & 3) == 3 ? 4 : 2;
		memcpy(page + at, &word, length);
		at += length;
	}
}

static uint64_t some_pte(struct source *source)
{
	unsigned kind = source_below(source, 16);
	uint64_t permissions = source_below(source, 4) ? 0xcf | (source_take(source, 1) & 0x30) : source_take(source, 2) & 0x3ff;
	uint64_t page = page_address(source_below(source, USED_PAGES));
	if (kind < 4)
		page = page_address(TABLES + source_below(source, TABLE_PAGES)), permissions = 1;
	else if (kind < 8)
		page = DRAM; /* the whole of DRAM, as a superpage */
	else if (kind == 8)
		return some_value(source);
	else if (kind == 9)
		permissions |= source_take(source, 2) << 48; /* N, PBMT, reserved bits */
	return page >> 12 << 10 | permissions;
}

/* Address bits select among few entries: what is filled repeats. */
static void fill_table(struct source *source, uint8_t *page)
{
	enum { KINDS = 32 };
	uint64_t entries[KINDS];
	for (unsigned i = 0; i < KINDS; i++)
		entries[i] = some_pte(source);
	/* in a root of Sv39: DRAM at its own address, for code that goes on after a trap */
	if (source_below(source, 4))
		entries[2] = DRAM >> 12 << 10 | 0xcf | (source_take(source, 1) & 0x10);
	for (unsigned i = 0; i < PAGE; i += sizeof(entries))
		memcpy(page + i, entries, sizeof(entries));
}

static void fill_memory(struct source *source, struct start *start)
{
	for (unsigned page = 0; page < CODE_PAGES; page++)
		fill_code(source, start->memory + page * PAGE);
	for (unsigned at = 0; at < DATA_PAGES * PAGE; at += 8) {
		uint64_t value = some_value(source);
		memcpy(start->memory + CODE_PAGES * PAGE + at, &value, 8);
	}
	uint64_t request[4] = { 64, 1, some_address(source), some_value(source) }; /* write */
	memcpy(start->memory + (MAGIC - DRAM), request, sizeof(request));
	fill_handlers(start->memory + HANDLERS * PAGE);
	for (unsigned page = TABLES; page < USED_PAGES; page++)
		fill_table(source, start->memory + page * PAGE);
}

/* Configuration */

static void choose_isa(struct source *source, struct start *start)
{
	static const char *const sets[] = {
		"all", "-h", "-c", "-f", "-d", "-sstc", "-a", "-m", "rv64ima", "rv64gch", "-svinval", "-zfh",
		"+smdbltrp", "+smrnmi", "+smrnmi,+smdbltrp", "+smstateen", "+ssstateen", "+smstateen,+smrnmi", "-svadu", "+svade", "+zkr",
	};
	bool usual = source_below(source, 2);
	start->isa = usual ? NULL : sets[source_below(source, sizeof(sets) / sizeof(sets[0]))];
}

/* A preset, and numbers that none of them has: as they stand at the ends of their ranges, or between. */
static void choose_timing(struct source *source, struct start *start)
{
	static const char *const cpus[] = { "rocket", "cva6", "u74" };
	start->cpu = source_below(source, 3) ? "ideal" : cpus[source_below(source, 3)];
	unsigned from = source_below(source, 8);
	if (from == 0 && start->cpu[0] != 'i')
		snprintf(start->timing_from, sizeof(start->timing_from), "from=%u", source_below(source, INSNS / 2));
	else
		snprintf(start->timing_from, sizeof(start->timing_from), from == 1 && start->cpu[0] != 'i' ? "from=hint" : "on");
	start->timing_count = source_one_in(source, 2) ? source_below(source, TIMING_CHANGES + 1) : 0;
	for (unsigned i = 0; i < start->timing_count; i++) {
		const struct timing_row *row = &timing_rows[start->timing[i].row = source_below(source, TIMING_PARAMS)];
		unsigned range = row->high - row->low, kind = source_below(source, 4);
		unsigned value = kind == 0 ? 0 : kind == 1 ? range : kind == 2 ? 1u << source_below(source, 20) : source_below(source, 16);
		start->timing[i].value = row->low + (kind == 1 ? range : value % (range + 1));
	}
}

static void choose(struct source *source, struct start *start)
{
	static const unsigned quanta[] = { 1000, 1, 7, 100 }, entries[] = { 16, 64, 0, 16 };
	snprintf(start->smp, sizeof(start->smp), "%u", 1 + source_below(source, HARTS));
	snprintf(start->quantum, sizeof(start->quantum), "%u", quanta[source_below(source, 4)]);
	snprintf(start->pmp, sizeof(start->pmp), "pmp.entries=%u", entries[source_below(source, 4)]);
	snprintf(start->geilen, sizeof(start->geilen), "geilen=%u", source_one_in(source, 2) ? source_below(source, 64) : 0);
	snprintf(start->asid, sizeof(start->asid), "asid.bits=%u", source_one_in(source, 4) ? source_below(source, 17) : 16);
	snprintf(start->vmid, sizeof(start->vmid), "vmid.bits=%u", source_one_in(source, 4) ? source_below(source, 15) : 14);
	choose_isa(source, start);
	choose_timing(source, start);
	start->choices.tinst_zero = source_one_in(source, 4);
	start->choices.tval_zero = source_one_in(source, 8);
	start->choices.tval2_zero = source_one_in(source, 4);
	start->choices.misaligned_traps = source_one_in(source, 4);
	start->choices.envcfg_absent = source_one_in(source, 8);
	start->choices.little_endian = source_one_in(source, 8);
	start->choices.time_absent = source_one_in(source, 8);
	start->choices.hpm_counters = source_one_in(source, 4) ? source_below(source, 30) : 29;
	start->choices.rnmi_vector = source_one_in(source, 2) ? some_vector(source) & ~UINT64_C(3) : 0;
	start->choices.rnmi_exception_vector = source_one_in(source, 2) ? some_vector(source) & ~UINT64_C(3) : 0;
	start->rnmi_cycle = source_one_in(source, 2) ? source_below(source, CYCLES) : 0;
	start->block_ops = (uint8_t)(2 + source_below(source, 62));
	start->hostile = source_one_in(source, 8);
	start->limited = source_one_in(source, 2);
}

/* Numbers that do not go together are left as they were. */
static void change_timing(struct timing *timing, const struct start *start)
{
	for (unsigned i = 0; i < start->timing_count; i++) {
		struct timing changed = *timing;
		*(unsigned *)((char *)&changed + timing_rows[start->timing[i].row].offset) = start->timing[i].value;
		if (!timing_misfit(&changed))
			*timing = changed;
	}
}

/* One configuration; extensions that are unknown here are the default ones. */
static void configure(struct options *options, const struct start *start)
{
	char *words[] = { "rvsim", "-m", "256K", "-serial", "null", "-smp", (char *)start->smp, "--quantum",
	                  (char *)start->quantum, "--set", (char *)start->pmp, "--set", (char *)start->geilen, "--set",
	                  (char *)start->asid, "--set", (char *)start->vmid, "--cpu", (char *)start->cpu, "--timing",
	                  (char *)start->timing_from, "-bios", (char *)program_path, NULL };
	small_options(options, words);
	struct config *config = &options->config;
	struct isa isa;
	char reason[160];
	change_timing(&config->preset, start);
	if (start->isa && isa_parse(start->isa, &isa, reason, sizeof(reason)) == 0)
		config->isa = isa;
	config->options.tinst_zero = start->choices.tinst_zero;
	config->options.tval_zero = start->choices.tval_zero;
	config->options.tval2_zero = start->choices.tval2_zero;
	config->options.misaligned_traps = start->choices.misaligned_traps;
	config->options.envcfg_absent = start->choices.envcfg_absent;
	config->options.little_endian = start->choices.little_endian;
	config->options.time_absent = start->choices.time_absent;
	config->options.hpm_counters = start->choices.hpm_counters;
	config->options.rnmi_vector = start->choices.rnmi_vector;
	config->options.rnmi_exception_vector = start->choices.rnmi_exception_vector;
	config->rnmi_cycle = start->rnmi_cycle;
	config->max_insns = start->limited ? INSNS : UINT64_MAX; /* under a limit blocks do not follow each other */
	config->max_cycles = CYCLES;
}

/* Harts */

static uint64_t table_root(struct source *source, unsigned page)
{
	static const uint64_t modes[] = { 8, 8, 8, 0, 9, 10, 0, 8 };
	uint64_t mode = modes[source_below(source, 8)], id = source_one_in(source, 4) ? source_take(source, 2) & 0x3fff : 1;
	return mode << 60 | id << 44 | page_address(page) >> 12;
}

/* Traps that lead into code, delegation, translation, and memory that PMP allows: without these a machine soon does
 * nothing but take the same trap. */
static void poke_usual(struct source *source, struct hart *hart)
{
	csr_poke(hart, CSR_mtvec, usual_vector(source, M_HANDLER));
	csr_poke(hart, CSR_stvec, usual_vector(source, S_HANDLER));
	csr_poke(hart, CSR_vstvec, usual_vector(source, S_HANDLER));
	csr_poke(hart, CSR_mepc, some_vector(source));
	csr_poke(hart, CSR_sepc, some_vector(source));
	csr_poke(hart, CSR_vsepc, some_vector(source));
	csr_poke(hart, CSR_medeleg, source_take(source, 4) & source_take(source, 4));
	csr_poke(hart, CSR_hedeleg, source_take(source, 4) & source_take(source, 4));
	csr_poke(hart, CSR_mideleg, source_take(source, 2));
	csr_poke(hart, CSR_hideleg, source_take(source, 2));
	csr_poke(hart, CSR_mie, source_take(source, 2));
	csr_poke(hart, CSR_mstatus, source_take(source, 8) | mstatus_FS);
	csr_poke(hart, CSR_vsstatus, source_take(source, 4) | vsstatus_FS);
	csr_poke(hart, CSR_mnstatus, source_take(source, 2));
	csr_poke(hart, CSR_menvcfg, source_one_in(source, 2) ? UINT64_MAX : 0);
	csr_poke(hart, CSR_henvcfg, source_one_in(source, 2) ? UINT64_MAX : 0);
	csr_poke(hart, CSR_mcounteren, source_take(source, 4));
	csr_poke(hart, CSR_hcounteren, source_take(source, 4));
	csr_poke(hart, CSR_hgatp, table_root(source, TABLES));
	csr_poke(hart, CSR_satp, table_root(source, TABLES + 4 + source_below(source, 3)));
	csr_poke(hart, CSR_vsatp, table_root(source, TABLES + 7 + source_below(source, 3)));
	csr_poke(hart, CSR_pmpaddr0, source_one_in(source, 8) ? page_address(CODE_PAGES) >> 2 : UINT64_MAX);
	csr_poke(hart, CSR_pmpcfg0, source_one_in(source, 8) ? source_take(source, 2) : 0x1f);
}

/* mcontrol6: any match on any of execute, load, store in any mode; icount, soon; itrigger and etrigger, any of both. */
static void poke_trigger(struct source *source, struct hart *hart)
{
	static const uint64_t types[] = { TRIGGER_MCONTROL6, TRIGGER_ICOUNT, TRIGGER_ITRIGGER, TRIGGER_ETRIGGER };
	uint64_t type = types[source_below(source, 4)], bits = source_take(source, 4) & 0x7ffffff;
	if (type == TRIGGER_ICOUNT)
		bits = (bits & ~(UINT64_C(0x3f80) << 10)) | 1 << 10;
	csr_poke(hart, CSR_tselect, source_below(source, TRIGGERS));
	csr_poke(hart, CSR_tdata1, type << 60 | bits);
	csr_poke(hart, CSR_tdata2, type == TRIGGER_MCONTROL6 ? some_address(source) : source_take(source, 8));
}

static void poke_any(struct source *source, struct hart *hart)
{
	for (unsigned count = source_below(source, 24); count; count--) {
		const struct csr_info *info = csr_info_at(source_below(source, 400));
		uint64_t value = some_value(source), read;
		if (!info)
			continue;
		bool exists = csr_peek(hart, info->num, &read);
		REQUIRE(csr_poke(hart, info->num, value) == exists, "%s: peek and poke disagree", info->name);
	}
}

static void start_hart(struct source *source, struct hart *hart)
{
	for (unsigned i = 1; i < 32; i++)
		hart->x[i] = some_value(source);
	for (unsigned i = 0; i < 32; i++)
		hart->f[i] = some_float(source);
	poke_usual(source, hart);
	for (unsigned triggers = source_one_in(source, 4) ? 1 + source_below(source, 3) : 0; triggers; triggers--)
		poke_trigger(source, hart);
	poke_any(source, hart);
	for (unsigned lines = source_below(source, 4); lines; lines--)
		hart_set_hgei(hart, 1 + source_below(source, 63), true, 0);
	const struct isa *isa = &hart->isa;
	hart->mode = source_below(source, isa_has(isa, EXT_H) ? MODE_COUNT : isa_has(isa, EXT_S) ? MODE_VS : 1);
	hart->pc = page_address(source_one_in(source, 16) ? source_below(source, USED_PAGES) : source_below(source, CODE_PAGES)) +
	           (source_take(source, 2) % PAGE & ~1);
	if (!isa_has(isa, EXT_C))
		hart->pc &= ~UINT64_C(3);
	hart->exec->last_mode = hart->mode;
	hart->effects |= EFFECT_MODE | EFFECT_TRANSLATE | EFFECT_IRQ;
}

/* Devices that do something: a few of their registers written. The finisher, which stops it all, is left to the
 * programs. */
static void write_devices(struct source *source, struct machine *machine)
{
	static const struct { uint64_t address, step; unsigned count, size; uint64_t mask; } registers[] = {
		{ 0x2000000, 4, HARTS, 4, 1 },            /* msip */
		{ 0x2004000, 8, HARTS, 8, 255 },          /* mtimecmp */
		{ 0xc000000, 4, 96, 4, 7 },               /* priorities */
		{ 0xc002000, 0x80, 2 * HARTS, 4, ~UINT64_C(0) }, /* enables */
		{ 0xc200000, 0x1000, 2 * HARTS, 4, 7 },   /* thresholds */
		{ 0x10000000, 1, 8, 1, 255 },             /* UART */
		{ 0x101000, 4, 8, 4, ~UINT64_C(0) },      /* RTC */
		{ 0x102000, 4, HARTS, 4, 0xffff },        /* NMI lines, with Smrnmi */
	};
	for (unsigned count = source_below(source, 16); count; count--) {
		unsigned row = source_below(source, sizeof(registers) / sizeof(registers[0]));
		uint64_t address = registers[row].address + registers[row].step * source_below(source, registers[row].count);
		uint64_t value = source_take(source, 8) & registers[row].mask;
		uint32_t effects = 0;
		bus_device_write(&machine->bus, address, registers[row].size, 0, value, &effects);
	}
}

/* Running */

enum setting { LONG_BLOCKS, ONE_OP_BLOCKS, FLUSHING, STEPPING, ENGINES, CHECKED = ENGINES };

static void set_engine(struct config *config, enum setting engine, const struct start *start)
{
	config->engine.block_ops = engine == ONE_OP_BLOCKS ? 1 : engine == FLUSHING ? start->block_ops : 64;
	config->engine.flush_always = engine == FLUSHING || engine == CHECKED;
	if (engine == CHECKED) { /* may stop elsewhere, and one entry forgets sooner: not compared */
		config->checks = CHECK_PERCPU | CHECK_WORLDSWITCH | CHECK_ISOLATION;
		config->options.tlb_entries = 1;
	}
}

static void run(struct machine *machine, const struct config *config, enum setting engine, const struct start *start,
                struct source source)
{
	struct capture capture;
	capture_begin(&capture, &stderr);
	int made = machine_init(machine, config);
	fflush(stderr);
	REQUIRE(made == 0, "no machine: %s", capture.text);
	REQUIRE(bus_poke(&machine->bus, DRAM, start->memory, sizeof(start->memory)), "no memory");
	if (engine == STEPPING)
		REQUIRE(trace_record(machine->trace, true, "/dev/null", (1u << TRACE_TYPES) - 1) == 0, "no trace: %s", capture.text);
	for (unsigned i = 0; i < machine->hart_count; i++) {
		start_hart(&source, &machine->harts[i]);
		exec_set_tracing(&machine->harts[i], engine == STEPPING);
	}
	write_devices(&source, machine);
	while (machine->stop == RUNNING) {
		if (engine == STEPPING)
			sched_step(machine);
		else
			sched_slice(machine);
	}
	capture_end(&capture);
	REQUIRE(capture.size == 0 || engine == CHECKED, "said: %s", capture.text);
	free(capture.text);
}

static uint64_t digest(const struct machine *machine)
{
	uint64_t hash = trace_hash(machine->trace, machine->harts, machine->hart_count) ^ machine->stop;
	for (uint64_t at = 0; at < machine->bus.dram_size; at += 8) {
		uint64_t word;
		memcpy(&word, machine->bus.dram + at, 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

/* Comparing */

static const char *const engine_names[] = { "long blocks", "one-op blocks", "flushing", "stepping" };

static void compare_hart(const struct hart *a, const struct hart *b, enum setting engine)
{
	const char *name = engine_names[engine];
	REQUIRE(a->pc == b->pc && a->mode == b->mode, "%s: hart %u: pc %" PRIx64 " %s, %" PRIx64 " %s", name, a->id, a->pc,
	        mode_name(a->mode), b->pc, mode_name(b->mode));
	REQUIRE(a->now == b->now && a->retired == b->retired, "%s: hart %u: cycle %" PRIu64 ", %" PRIu64 "; retired %" PRIu64
	        ", %" PRIu64, name, a->id, a->now, b->now, a->retired, b->retired);
	for (unsigned i = 1; i < 32; i++)
		REQUIRE(a->x[i] == b->x[i], "%s: hart %u: %s %" PRIx64 ", %" PRIx64, name, a->id, reg_name(i), a->x[i], b->x[i]);
	for (unsigned i = 0; i < 32; i++)
		REQUIRE(a->f[i] == b->f[i], "%s: hart %u: %s %" PRIx64 ", %" PRIx64, name, a->id, freg_name(i), a->f[i], b->f[i]);
	for (size_t i = 0; csr_info_at(i); i++) {
		uint64_t x = 0, y = 0;
		unsigned num = csr_info_at(i)->num;
		REQUIRE(csr_peek(a, num, &x) == csr_peek(b, num, &y) && x == y, "%s: hart %u: %s %" PRIx64 ", %" PRIx64, name, a->id,
		        csr_info_at(i)->name, x, y);
	}
	REQUIRE(a->waiting == b->waiting && a->halted == b->halted && a->irq_lines == b->irq_lines, "%s: hart %u", name, a->id);
}

static void compare(const struct machine *a, const struct machine *b, enum setting engine)
{
	if (digest(a) == digest(b) && strcmp(a->stop_message, b->stop_message) == 0)
		return;
	for (unsigned i = 0; i < a->hart_count; i++)
		compare_hart(&a->harts[i], &b->harts[i], engine);
	for (uint64_t at = 0; at < a->bus.dram_size; at++)
		REQUIRE(a->bus.dram[at] == b->bus.dram[at], "%s: byte %" PRIx64 ": %x, %x", engine_names[engine], DRAM + at,
		        a->bus.dram[at], b->bus.dram[at]);
	REQUIRE(a->stop == b->stop, "%s: stopped for %u, %u", engine_names[engine], a->stop, b->stop);
	REQUIRE(strcmp(a->stop_message, b->stop_message) == 0, "%s: %s, %s", engine_names[engine], a->stop_message, b->stop_message);
	REQUIRE(false, "%s: the same state by other events", engine_names[engine]);
}

/* For the comparison with another build of this program: one line an input. */
static void report(const struct machine *machine)
{
	const char *path = getenv("FUZZ_DIGESTS");
	FILE *file = path ? fopen(path, "a") : NULL;
	if (!file)
		return;
	fprintf(file, "%016" PRIx64 " %" PRIu64 " instructions\n", digest(machine), machine->harts[0].retired);
	fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct start *start = calloc(1, sizeof(*start));
	struct source source = source_of(data, size);
	struct options options;
	struct machine reference, machine;
	REQUIRE(start, "no memory");
	/* harts first: they decide most, so the input's own bytes are theirs */
	choose(&source, start);
	struct source harts = source;
	for (unsigned i = 0; i < 600; i++)
		source_take(&source, 1);
	source.state = ~source.state;
	fill_memory(&source, start);
	configure(&options, start);
	set_engine(&options.config, LONG_BLOCKS, start);
	run(&reference, &options.config, LONG_BLOCKS, start, harts);
	report(&reference);
	for (enum setting engine = ONE_OP_BLOCKS; engine < ENGINES + start->hostile; engine++) {
		set_engine(&options.config, engine, start);
		run(&machine, &options.config, engine, start, harts);
		if (engine < ENGINES)
			compare(&reference, &machine, engine);
		machine_free(&machine);
	}
	machine_free(&reference);
	options_free(&options);
	free(start);
	return 0;
}
