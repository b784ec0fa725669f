#include "trace/spike.h"

#include <inttypes.h>
#include <string.h>
#include "base/words.h"
#include "isa/csr_table.h"
#include "isa/insn.h"
#include "trace/run.h"

/* CSR numbers that Spike treats in ways of its own. */
enum {
#define CSR(num, name, ...) NUMBER_##name = (num),
#define FIELD(...)
#include "isa/csr.def"
#undef CSR
#undef FIELD
	NUMBER_mvip = 0x309, /* which is there in Spike, and told, whatever the hart has */
};

#define BIT(n) (UINT64_C(1) << (n))

/* ---- what an instruction has written, in Spike's order ---- */

enum { KIND_X = 0, KIND_F = 1, KIND_CSR = 4 };

struct item {
	unsigned number, kind;
	uint64_t value;
};
struct items {
	unsigned count;
	struct item items[2 + 2 * SPIKE_CSRS_MAX];
};

static unsigned rank(const struct item *item) { return item->number << 4 | item->kind; }

/* Sorted by number, then x, f, CSR. */
static void add_item(struct items *items, unsigned kind, unsigned number, uint64_t value)
{
	struct item item = {number, kind, value};
	unsigned i = items->count++;
	for (; i > 0 && rank(&items->items[i - 1]) > rank(&item); i--)
		items->items[i] = items->items[i - 1];
	items->items[i] = item;
}

/* Registers that Spike has no storage for: it tells of those that hold their bits. */
static bool is_view(unsigned number)
{
	static const uint16_t views[] = {NUMBER_sstatus, NUMBER_hie,  NUMBER_vsie, NUMBER_sip,
	                                 NUMBER_hip,     NUMBER_vsip, NUMBER_fcsr, NUMBER_mcontext};
	for (unsigned i = 0; i < sizeof views / sizeof views[0]; i++)
		if (views[i] == number)
			return true;
	return false;
}

/* Constants there, of which a write is not told. */
static bool is_constant(unsigned number)
{
	return number == NUMBER_hgeie || number == NUMBER_mncause || number == NUMBER_tcontrol ||
	       (number >= NUMBER_mhpmcounter3 && number <= NUMBER_mhpmcounter31);
}

static unsigned pmp_config(const struct spike_hart *hart, unsigned entry)
{
	return hart->pmpcfg[entry / 8] >> entry % 8 * 8 & 0xff;
}

/* A write that a locked entry ignores is not told. */
static bool is_locked_pmpaddr(const struct spike_hart *hart, unsigned number)
{
	enum { LOCK = 0x80, A = 0x18, TOR = 0x08, ENTRIES = 64 };
	if (number < NUMBER_pmpaddr0 || number > NUMBER_pmpaddr63 || hart->mseccfg & BIT(2))
		return false;
	unsigned entry = number - NUMBER_pmpaddr0;
	unsigned next = entry + 1 < ENTRIES ? pmp_config(hart, entry + 1) : 0;
	return pmp_config(hart, entry) & LOCK || (next & LOCK && (next & A) == TOR);
}

/* mvip is told, as it was before, whenever mip or sip is written: SEIP its own, STIP (without Sstc) and SSIP mip's. */
static void add_mvip(struct items *items, const struct spike_hart *hart, const struct trace_event *mip, bool direct)
{
	enum { SSIP = 1, STIP = 5, SEIP = 9, STCE = 63 };
	uint64_t timer = hart->menvcfg >> STCE & 1 ? 0 : BIT(STIP);
	uint64_t external = mip->value[direct ? 1 : 2] & BIT(SEIP);
	add_item(items, KIND_CSR, NUMBER_mvip, external | (mip->value[2] & (timer | BIT(SSIP))));
}

/* `named`: the register that the instruction named; the others followed. */
static void add_csr(struct items *items, const struct spike_hart *hart, const struct trace_event *csr, unsigned named)
{
	unsigned number = (unsigned)csr->value[0];
	uint64_t value = csr->value[1];
	if (number == NUMBER_mip && (named == NUMBER_mip || named == NUMBER_sip))
		add_mvip(items, hart, csr, named == NUMBER_mip);
	if (number == NUMBER_mip && named == NUMBER_hvip) { /* told before hvip's other bits change */
		const uint64_t guest = BIT(6) | BIT(10);
		value = (value & ~guest) | (csr->value[2] & guest);
	}
	if (!is_view(number) && !is_constant(number) && !is_locked_pmpaddr(hart, number))
		add_item(items, KIND_CSR, number, value);
}

static void remember_csr(struct spike_hart *hart, const struct trace_event *csr)
{
	unsigned number = (unsigned)csr->value[0];
	if (number == NUMBER_menvcfg)
		hart->menvcfg = csr->value[1];
	if (number == NUMBER_mseccfg)
		hart->mseccfg = csr->value[1];
	if (number >= NUMBER_pmpcfg0 && number <= NUMBER_pmpcfg14)
		hart->pmpcfg[(number - NUMBER_pmpcfg0) / 2] = csr->value[1];
}

/* ---- lines ---- */

/* "TEXT0x" and digits, as many: what most of a line is, so without printf. TEXT: at most 16 characters. */
static void print_hex(FILE *out, const char *before, uint64_t value, unsigned digits)
{
	char text[40], *at = stpcpy(text, before);
	*at++ = '0';
	*at++ = 'x';
	for (unsigned i = digits; i-- > 0;)
		*at++ = "0123456789abcdef"[value >> i * 4 & 15];
	fwrite_unlocked(text, 1, (size_t)(at - text), out);
}

/* " x5 ", " f31" */
static void print_written(FILE *out, const struct item *item)
{
	bool one = item->number < 10;
	char text[] = {' ', (char)(item->kind == KIND_X ? 'x' : 'f'),
	               (char)('0' + (one ? item->number : item->number / 10)),
	               (char)(one ? ' ' : '0' + item->number % 10)};
	fwrite_unlocked(text, 1, sizeof(text), out);
}

static void print_items(FILE *out, const struct items *items)
{
	for (unsigned i = 0; i < items->count; i++) {
		const struct item *item = &items->items[i];
		const struct csr_info *csr = csr_info(item->number);
		if (item->kind != KIND_CSR)
			print_written(out, item);
		else
			fprintf(out, " c%u_%s", item->number,
			        item->number == NUMBER_mvip ? "mvip"
			        : csr                       ? csr->name
			                                    : "unknown");
		print_hex(out, " ", item->value, 16);
	}
}

/* Hex digits for a value of 1 << log2 bytes, at most 8. */
static void print_store(FILE *out, uint64_t address, uint64_t value, unsigned log2)
{
	unsigned bits = log2 < 3 ? 8u << log2 : 64;
	uint64_t mask = bits == 64 ? UINT64_MAX : BIT(bits) - 1;
	print_hex(out, " mem ", address, 16);
	print_hex(out, " ", value & mask, bits / 4);
}

/* A block that is zeroed is that many stores of a byte; 16 bytes are two stores. */
static void print_memory(FILE *out, const struct trace_event *event, const struct insn *insn, const uint64_t *x)
{
	unsigned log2 = event->flags >> 4;
	if (event->flags & TRACE_LOADS)
		print_hex(out, " mem ", event->value[1], 16);
	if (!(event->flags & TRACE_STORES))
		return;
	if (insn_rows[insn->semantics].class == CLASS_CACHE) {
		for (unsigned i = 0; i < 1u << log2; i++)
			print_store(out, event->value[1] + i, 0, 0);
		return;
	}
	print_store(out, event->value[1], event->value[2], log2);
	if (log2 == 4)
		print_store(out, event->value[1] + 8, x && insn->rs2 ? x[insn->rs2 + 1] : 0, 3);
}

static void print_commit(struct spike *spike, const struct trace_event *event, const uint64_t *x)
{
	const struct spike_hart *hart = &spike->harts[event->hart];
	struct insn insn = trace_decode_insn(event->word);
	struct items items = {0};
	if (event->flags & TRACE_RD && event->from)
		add_item(&items, KIND_X, event->from, event->value[0]);
	if (event->flags & TRACE_RD && insn_has(insn.semantics, FLAG_PAIR) && x && event->from && event->from < 31)
		add_item(&items, KIND_X, event->from + 1, x[event->from + 1]);
	if (event->flags & TRACE_FRD)
		add_item(&items, KIND_F, event->from, event->value[0]);
	for (unsigned i = 0; i < hart->count; i++)
		add_csr(&items, hart, &hart->csrs[i], (unsigned)hart->csrs[0].value[0]);
	unsigned number = event->hart;
	char head[] = {
	    'c', 'o', 'r', 'e', ' ', ' ', ' ', '0', ':', ' ', (char)('0' + mode_priv((enum mode)event->mode))};
	for (char *at = &head[7]; number; number /= 10)
		*at-- = (char)('0' + number % 10);
	fwrite_unlocked(head, 1, sizeof(head), spike->out);
	print_hex(spike->out, " ", event->pc, 16);
	print_hex(spike->out, " (", event->word, (event->word & 3) == 3 ? 8 : 4);
	putc_unlocked(')', spike->out);
	print_items(spike->out, &items);
	print_memory(spike->out, event, &insn, x);
	putc('\n', spike->out);
}

/* The mnemonic in a field of eight, then the operands. */
static void print_text(FILE *out, uint32_t word, uint64_t pc)
{
	struct insn insn = trace_decode_insn(word);
	char text[96];
	disasm(&insn, pc, text, sizeof text);
	char *operands = strchr(text, '\t');
	if (operands)
		*operands++ = '\0';
	fputs(text, out);
	if (operands)
		fprintf(out, "%*s", strlen(text) < 8 ? (int)(8 - strlen(text)) : 1, "");
	for (; operands && *operands; operands++) {
		putc_unlocked(*operands, out);
		if (*operands == ',')
			putc_unlocked(' ', out);
	}
	putc('\n', out);
}

/* What comes again and again is counted. */
static void print_disassembly(struct spike *spike, const struct trace_event *event, uint32_t word)
{
	struct spike_hart *hart = &spike->harts[event->hart];
	uint64_t offset;
	if (hart->repeats && hart->last_pc == event->pc && hart->last_word == word) {
		hart->repeats++;
		return;
	}
	const char *name = spike->names ? spike->names->find(spike->names->context, (enum mode)event->mode,
	                                                     event->guest, event->pc, &offset)
	                                : NULL;
	if (name && !offset)
		fprintf(spike->out, "core %3u: >>>>  %s\n", event->hart, name);
	if (hart->repeats > 1)
		fprintf(spike->out, "core %3u: Executed %" PRIu64 " times\n", event->hart, hart->repeats);
	fprintf(spike->out, "core %3u:", event->hart);
	print_hex(spike->out, " ", event->pc, 16);
	print_hex(spike->out, " (", word, 8);
	fputs(") ", spike->out);
	print_text(spike->out, word, event->pc);
	hart->last_pc = event->pc;
	hart->last_word = word;
	hart->repeats = 1;
}

void spike_event(struct spike *spike, const struct trace_event *event, const uint64_t *x)
{
	struct spike_hart *hart = &spike->harts[event->hart];
	bool same = hart->count && hart->csrs[0].pc == event->pc && hart->csrs[0].retired == event->retired;
	if (!same && (event->type == TRACE_CSR || event->type == TRACE_INSN))
		hart->count = 0; /* their instruction trapped */
	if (event->type == TRACE_CSR && hart->count < SPIKE_CSRS_MAX)
		hart->csrs[hart->count++] = *event;
	if (event->type != TRACE_INSN)
		return;
	if (spike->disassembly)
		print_disassembly(spike, event, event->word);
	print_commit(spike, event, x);
	for (unsigned i = 0; i < hart->count; i++)
		remember_csr(hart, &hart->csrs[i]);
	hart->count = 0;
}

/* ---- traps ---- */

static const char *const spike_traps[] = {
    [0] = "instruction_address_misaligned",
    [1] = "instruction_access_fault",
    [2] = "illegal_instruction",
    [3] = "breakpoint",
    [4] = "load_address_misaligned",
    [5] = "load_access_fault",
    [6] = "store_address_misaligned",
    [7] = "store_access_fault",
    [8] = "user_ecall",
    [9] = "supervisor_ecall",
    [10] = "virtual_supervisor_ecall",
    [11] = "machine_ecall",
    [12] = "instruction_page_fault",
    [13] = "load_page_fault",
    [15] = "store_page_fault",
    [16] = "double_trap",
    [18] = "software_check",
    [20] = "instruction_guest_page_fault",
    [21] = "load_guest_page_fault",
    [22] = "virtual_instruction",
    [23] = "store_guest_page_fault",
};

enum { INTERRUPT_SHIFT = 63, TRAPS = sizeof spike_traps / sizeof spike_traps[0] };

static bool is_exception(const struct trace_event *event, unsigned code) { return event->value[0] == code; }

bool spike_trap_has_insn(const struct trace_event *event)
{
	bool fetch = is_exception(event, 1) || is_exception(event, 12) || is_exception(event, 20);
	return !(event->value[0] >> INTERRUPT_SHIFT) && !fetch;
}

void spike_trap(struct spike *spike, const struct trace_event *event, const uint32_t *word)
{
	uint64_t code = event->value[0] & ~BIT(INTERRUPT_SHIFT);
	if (!spike->disassembly)
		return;
	if (word)
		print_disassembly(spike, event, *word);
	fprintf(spike->out, "core %3u: exception ", event->hart);
	if (event->value[0] >> INTERRUPT_SHIFT)
		fprintf(spike->out, "interrupt #%" PRIu64, code);
	else if (code < TRAPS && spike_traps[code])
		fprintf(spike->out, "trap_%s", spike_traps[code]);
	else
		fprintf(spike->out, "trap #%" PRIu64, code);
	fprintf(spike->out, ", epc 0x%016" PRIx64 "\n", event->pc);
	bool call = code >= 8 && code <= 11;
	if (!(event->value[0] >> INTERRUPT_SHIFT) && !call && code < TRAPS && spike_traps[code] && code != 16)
		fprintf(spike->out, "core %3u:           tval 0x%016" PRIx64 "\n", event->hart, event->value[1]);
}
