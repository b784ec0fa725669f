/* Events as text: text.h. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "isa/csr_table.h"
#include "isa/insn.h"
#include "trace/format.h"
#include "trace/text.h"
#include "trace/world.h"

static const char *find(const struct trace_names *names, const struct trace_event *event, uint64_t address,
                        uint64_t *offset)
{
	return names && names->find ? names->find(names->context, (enum mode)event->mode, event->guest, address, offset)
	                            : NULL;
}

static void print_address(FILE *out, const struct trace_event *event, uint64_t address, const struct trace_names *names)
{
	uint64_t offset = 0;
	const char *name = find(names, event, address, &offset);
	fprintf(out, "0x%" PRIx64, address);
	if (name && offset)
		fprintf(out, " <%s+0x%" PRIx64 ">", name, offset);
	else if (name)
		fprintf(out, " <%s>", name);
}

static void print_insn(FILE *out, const struct trace_event *event)
{
	struct isa isa = isa_default();
	struct insn insn = decode(&isa, event->word);
	char text[96];
	disasm(&insn, event->pc, text, sizeof(text));
	for (char *c = text; *c; c++)
		if (*c == '\t')
			*c = ' ';
	fprintf(out, "%0*" PRIx32 " {%s}", insn.length * 2, event->word, text);
}

static void print_csr(FILE *out, uint64_t number)
{
	const struct csr_info *info = number < 4096 ? csr_info((unsigned)number) : NULL;
	if (info)
		fprintf(out, "%s", info->name);
	else
		fprintf(out, "0x%" PRIx64, number);
}

static void print_byte(FILE *out, uint64_t value)
{
	if (value < 0x80 && isprint((int)value))
		fprintf(out, "'%c'", (int)value);
	else
		fprintf(out, "0x%02" PRIx64, value);
}

static void print_flags(FILE *out, uint64_t flags)
{
	fprintf(out, "%s%s%s%s", flags & TRACE_RD ? "x" : "", flags & TRACE_FRD ? "f" : "",
	        flags & TRACE_LOADS ? "r" : "", flags & TRACE_STORES ? "w" : "");
	if (flags & (TRACE_LOADS | TRACE_STORES))
		fprintf(out, "%u", 1u << (flags >> 4));
}

static void print_register(FILE *out, const struct trace_event *event)
{
	unsigned number = event->from & 31;
	fprintf(out, "%s", event->flags & TRACE_FRD ? freg_name(number) : reg_name(number));
}

static const char *const tlb_whats[] = {[TLB_FILL] = "fill", [TLB_EVICT] = "evict", [TLB_FENCE] = "fence", "?"};
static const char *const tlb_units[] = {
    [UNIT_TLB] = "tlb",
    [UNIT_ITLB] = "itlb",
    [UNIT_DTLB] = "dtlb",
    [UNIT_L2TLB] = "l2tlb",
};
static const char *const tlb_stages[] = {[TLB_STAGE_S] = "S", [TLB_STAGE_VS] = "VS", [TLB_STAGE_G] = "G", "?"};

static void print_page(FILE *out, uint64_t shift)
{
	enum { BARE_SHIFT = 63 };
	if (shift == BARE_SHIFT)
		fputs("bare", out);
	else
		fprintf(out, "2^%" PRIu64, shift);
}

static bool is_hidden(const struct trace_event *event, unsigned source)
{
	return source >= SOURCE_VALUE0 && event->flags >> (source - SOURCE_VALUE0) & 1;
}

/* What the hart knew and did not give: "tval2:0x20200,tinst:0x3683". */
static void print_truth(FILE *out, const struct trace_event *event)
{
	const struct trace_row *row = &trace_rows[event->type];
	const char *separator = "";
	for (unsigned i = 0; i < row->field_count; i++) {
		const struct trace_field *field = &row->fields[i];
		if (field->format != PRINT_GIVEN || !is_hidden(event, field->source))
			continue;
		fprintf(out, "%s%s:0x%" PRIx64, separator, field->name, trace_field_value(event, field));
		separator = ",";
	}
}

static void print_value(FILE *out, const struct trace_event *event, const struct trace_field *field,
                        const struct trace_names *names)
{
	uint64_t value = trace_field_value(event, field);
	switch ((enum trace_field_format)field->format) {
	case PRINT_HEX: fprintf(out, "0x%" PRIx64, value); break;
	case PRINT_DEC: fprintf(out, "%" PRIu64, value); break;
	case PRINT_ADDRESS: print_address(out, event, value, names); break;
	case PRINT_MODE: fprintf(out, "%s", mode_name((enum mode)value)); break;
	case PRINT_CAUSE: fprintf(out, "\"%s\"", world_cause_name(value)); break;
	case PRINT_REGISTER: print_register(out, event); break;
	case PRINT_CSR: print_csr(out, value); break;
	case PRINT_WORD: print_insn(out, event); break;
	case PRINT_SIZE: fprintf(out, "%s%" PRIu64, value >> 8 & 1 ? "w" : "r", value & 0xff); break;
	case PRINT_BYTE: print_byte(out, value); break;
	case PRINT_FLAGS: print_flags(out, value); break;
	case PRINT_GIVEN: fprintf(out, "0x%" PRIx64, is_hidden(event, field->source) ? 0 : value); break;
	case PRINT_TRUTH: print_truth(out, event); break;
	case PRINT_WHAT: fprintf(out, "%s", tlb_whats[value & 3]); break;
	case PRINT_UNIT: fprintf(out, "%s", tlb_units[value & 3]); break;
	case PRINT_STAGE: fprintf(out, "%s", tlb_stages[value & 3]); break;
	case PRINT_ACCESS: fprintf(out, "%c", "rwx?"[value & 3]); break;
	case PRINT_PAGE: print_page(out, value); break;
	}
}

void trace_print_field(FILE *out, const struct trace_event *event, const struct trace_field *field,
                       const struct trace_names *names)
{
	fprintf(out, " %s=", field->name);
	print_value(out, event, field, names);
}

static bool insn_has_field(const struct trace_event *event, const struct trace_field *field)
{
	switch (field->source) {
	case SOURCE_FROM:
	case SOURCE_VALUE0: return event->flags & (TRACE_RD | TRACE_FRD);
	case SOURCE_VALUE1: return event->flags & (TRACE_LOADS | TRACE_STORES);
	case SOURCE_VALUE2: return event->flags & TRACE_STORES;
	case SOURCE_FLAGS: return event->flags != 0;
	default: return true;
	}
}

static bool is_field(const struct trace_field *field, const char *name) { return strcmp(field->name, name) == 0; }

/* Fences have no pages, the others no number of entries; whatever is not known is left out: trace_tlb.h. */
static bool tlb_has_field(const struct trace_event *event, const struct trace_field *field)
{
	unsigned what = event->flags >> TRACE_TLB_WHAT & 3, stage = event->flags >> TRACE_TLB_STAGE & 3;
	bool fence = what == TLB_FENCE, address = event->flags >> TRACE_TLB_ADDRESS & 1,
	     id = event->flags >> TRACE_TLB_ID & 1;
	if (is_field(field, "access") || is_field(field, "reads_first"))
		return what == TLB_FILL;
	if (is_field(field, "reads_second"))
		return what == TLB_FILL && stage == TLB_STAGE_VS;
	if (is_field(field, "va"))
		return !fence || (address && stage != TLB_STAGE_G);
	if (is_field(field, "gpa"))
		return address && stage == (fence ? TLB_STAGE_G : TLB_STAGE_VS);
	if (is_field(field, "pa"))
		return !fence && address;
	if (is_field(field, "asid"))
		return !fence || (id && stage != TLB_STAGE_G);
	if (is_field(field, "vmid"))
		return stage == TLB_STAGE_VS || (id && stage == TLB_STAGE_G);
	if (field->format == PRINT_PAGE) /* 0: not known */
		return !fence && trace_field_value(event, field);
	return !is_field(field, "entries") || fence;
}

/* Does the event have this field at all? */
static bool has_field(const struct trace_event *event, const struct trace_field *field)
{
	if (field->format == PRINT_TRUTH)
		return event->flags;
	return event->type == TRACE_INSN ? insn_has_field(event, field)
	                                 : event->type != TRACE_TLB || tlb_has_field(event, field);
}

void trace_print(FILE *out, const struct trace_event *event, const struct trace_latency *latency,
                 const struct trace_names *names)
{
	const struct trace_row *row = &trace_rows[event->type];
	fprintf(out, "%12" PRIu64 " %2u %-2s %-7s ", event->cycle, event->hart, mode_name((enum mode)event->mode),
	        row->name);
	print_address(out, event, event->pc, names);
	for (unsigned i = 0; i < row->field_count; i++)
		if (has_field(event, &row->fields[i]))
			trace_print_field(out, event, &row->fields[i], names);
	if (latency)
		fprintf(out, " waited=%" PRIu64 " masked=%" PRIu64, latency->waited, latency->masked);
	putc('\n', out);
}

void trace_print_golden(FILE *out, const struct trace_event *event, const struct trace_names *names)
{
	const struct trace_row *row = &trace_rows[event->type];
	uint64_t offset;
	const char *name = find(names, event, event->pc, &offset);
	fprintf(out, "%u %s", event->hart, row->name);
	if (event->type == TRACE_WORLD)
		fprintf(out, " %s -> %s", mode_name((enum mode)event->from), mode_name((enum mode)event->mode));
	else
		fprintf(out, " %s", mode_name((enum mode)event->mode));
	fprintf(out, " %s", name ? name : "?");
	for (unsigned i = 0; i < row->field_count; i++)
		if (row->fields[i].format == PRINT_CAUSE || row->fields[i].format == PRINT_CSR)
			trace_print_field(out, event, &row->fields[i], names);
	putc('\n', out);
}
