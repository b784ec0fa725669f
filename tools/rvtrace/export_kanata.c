/*
 * Konata's log (Kanata 0004): a line of time for each instruction, from its cycle to the hart's next one's, so that what holds up is as
 * long as it held up. What trapped is flushed. A trace tells when instructions begin, not what stages they are in: there is one stage.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "isa/insn.h"
#include "export.h"
#include "merge.h"
#include "quick.h"
#include "trace/run.h"
#include "trace/world.h"

enum { TEXTS = 1 << 12 /* instructions whose text is kept */ };

struct kanata {
	struct export *export;
	struct quick out;
	bool begun;
	uint64_t now, next, retired;
	struct open {
		uint64_t id;
		bool is, flushed;
	} open[TRACE_HARTS_MAX];
	struct kept_text {
		uint64_t pc;
		uint32_t word, guest;
		uint8_t mode;
		char label[128], where[128];
	} texts[TEXTS];
};

/* KIND<tab>ID<tab> */
static void put_head(struct kanata *kanata, char kind, uint64_t id)
{
	quick_byte(&kanata->out, kind);
	quick_byte(&kanata->out, '\t');
	quick_decimal(&kanata->out, id);
	quick_byte(&kanata->out, '\t');
}

static void end_open(struct kanata *kanata, unsigned hart)
{
	struct open *open = &kanata->open[hart];
	if (!open->is)
		return;
	put_head(kanata, 'E', open->id);
	quick_text(&kanata->out, "0\tX\n");
	put_head(kanata, 'R', open->id);
	quick_decimal(&kanata->out, open->flushed ? 0 : kanata->retired++);
	quick_text(&kanata->out, open->flushed ? "\t1\n" : "\t0\n");
	open->is = false;
}

/* Konata cuts a label at its first tab. */
static void make_texts(struct kanata *kanata, const struct trace_event *event, struct kept_text *kept)
{
	char text[96];
	uint64_t offset = 0;
	const char *symbol = trace_reader_symbol(kanata->export->input.reader, (enum mode)event->mode, event->guest,
	                                         event->pc, &offset);
	struct insn insn = trace_decode_insn(event->word);
	disasm(&insn, event->pc, text, sizeof text);
	for (char *at = text; *at; at++)
		if (*at == '\t')
			*at = ' ';
	*kept = (struct kept_text){.pc = event->pc, .word = event->word, .guest = event->guest, .mode = event->mode};
	snprintf(kept->label, sizeof kept->label, "0\t%" PRIx64 ": %s\n", event->pc, text);
	if (symbol)
		snprintf(kept->where, sizeof kept->where, " %.100s+0x%" PRIx64 "\n", symbol, offset);
	else
		strcpy(kept->where, "\n");
}

static void begin_insn(struct kanata *kanata, const struct trace_event *event)
{
	struct kept_text *kept = &kanata->texts[(event->pc >> 1 ^ event->guest) % TEXTS];
	uint64_t id = kanata->open[event->hart].id;
	if (!*kept->label || kept->pc != event->pc || kept->word != event->word || kept->mode != event->mode ||
	    kept->guest != event->guest)
		make_texts(kanata, event, kept);
	put_head(kanata, 'L', id);
	quick_text(&kanata->out, kept->label);
	put_head(kanata, 'L', id);
	quick_text(&kanata->out, "1\thart ");
	quick_decimal(&kanata->out, event->hart);
	quick_byte(&kanata->out, ' ');
	quick_text(&kanata->out, mode_name((enum mode)event->mode));
	quick_text(&kanata->out, kept->where);
}

static void begin_trap(struct kanata *kanata, const struct trace_event *event)
{
	put_head(kanata, 'L', kanata->open[event->hart].id);
	quick_text(&kanata->out, "0\t");
	quick_hex(&kanata->out, event->pc);
	quick_text(&kanata->out, ": ");
	quick_text(&kanata->out, world_cause_name(event->value[0]));
	quick_byte(&kanata->out, '\n');
}

static void advance(struct kanata *kanata, uint64_t cycle)
{
	if (!kanata->begun) {
		quick_text(&kanata->out, "Kanata\t0004\nC=\t0\nC\t1\n"); /* a stage that ends at 0 would stay open */
	} else if (cycle > kanata->now) {
		quick_text(&kanata->out, "C\t");
		quick_decimal(&kanata->out, cycle - kanata->now);
		quick_byte(&kanata->out, '\n');
	}
	kanata->begun = true;
	kanata->now = cycle;
}

static void kanata_take(void *context, const struct merged *merged)
{
	struct kanata *kanata = context;
	const struct trace_event *event = &merged->event;
	bool trap = event->type == TRACE_TRAP;
	advance(kanata, merged->cycle);
	end_open(kanata, event->hart);
	if (trap && event->value[0] >> 63)
		return; /* between instructions */
	uint64_t id = kanata->next++;
	kanata->open[event->hart] = (struct open){id, true, trap};
	put_head(kanata, 'I', id);
	quick_decimal(&kanata->out, event->retired);
	quick_byte(&kanata->out, '\t');
	quick_decimal(&kanata->out, event->hart);
	quick_byte(&kanata->out, '\n');
	if (trap)
		begin_trap(kanata, event);
	else
		begin_insn(kanata, event);
	put_head(kanata, 'S', id);
	quick_text(&kanata->out, "0\tX\n");
}

int export_kanata(struct export *export)
{
	struct kanata *kanata = calloc(1, sizeof *kanata);
	struct merge merge = {0};
	struct trace_event event;
	if (!kanata)
		return trouble(export->input.path, "no memory");
	kanata->export = export;
	kanata->out.out = export->out;
	while (export_next(export, &event)) {
		if (!merge.take) /* the configuration is read by now */
			merge_begin(&merge, trace_reader_config(export->input.reader), kanata_take, kanata);
		if (event.type == TRACE_INSN || event.type == TRACE_TRAP)
			merge_put(&merge, event.cycle, &event);
	}
	int result = merge_end(&merge);
	advance(kanata, kanata->now + 1);
	for (unsigned i = 0; i < TRACE_HARTS_MAX; i++)
		end_open(kanata, i);
	quick_flush(&kanata->out);
	free(kanata);
	return result ? trouble(export->input.path, "no memory") : 0;
}
