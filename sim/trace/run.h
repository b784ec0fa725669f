/*
 * Instruction traces. Blocks of code are told once; then only which block ran, when and how far (a run), and those
 * values that do not follow from what is known: what was loaded, read from a CSR, computed in floating point. Whoever
 * reads the trace computes the rest, and from time to time is told all registers, to compare.
 *
 * format.h says what that is in a file.
 */
#ifndef TRACE_RUN_H
#define TRACE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct insn;
struct trace_event;

enum { TRACE_CODE_MAX = 64, TRACE_NOTED_MAX = 3, TRACE_VALUES_MAX = TRACE_CODE_MAX * TRACE_NOTED_MAX };

/* Which events the instructions of a block are: bits. */
enum trace_tells { TELLS_INSN = 1, TELLS_MEM = 2 };

/* A block of code. */
struct trace_text {
	uint64_t pc;
	uint8_t mode;  /* enum mode */
	uint8_t tells; /* enum trace_tells */
	uint8_t count; /* instructions: 1..TRACE_CODE_MAX */
	struct trace_text_insn {
		uint32_t word;
		uint32_t prefix; /* cycles from the block's start */
	} *insns;
};

/* What an instruction leaves that has to be noted, in this order; the register after rd is the upper half of a pair. */
enum trace_noted { NOTED_X = 1, NOTED_X_NEXT = 2, NOTED_F = 4, NOTED_MEMORY = 8 };
unsigned trace_noted(const struct insn *insn);

/* As instructions are understood in traces, whatever the hart has: those that retired are the same. */
struct insn trace_decode_insn(uint32_t word);

/* log2 of an access's bytes: funct3's low bits for most loads and stores; the H extension's keep them in funct7. What
 * cbo.zero stores is a block. */
unsigned trace_access_log2(const struct insn *insn);

/*
 * What a hart did since it was last told: the blocks it entered, each over where the next was entered, and the values
 * of their instructions one after the other. The last block may not be over.
 */
enum { NOTES_MAX = 256 };
struct trace_notes {
	struct trace_note {
		uint64_t cycle, retired; /* at its start */
		uint32_t code; /* number of its text; 0: there was no room for that */
	} runs[NOTES_MAX + 1]; /* and one more, for the end */
	unsigned run_count, value_count;
	unsigned first, told; /* the first not told to its end, and how many instructions of it were */
	unsigned values_told;
	unsigned unchecked; /* runs since the registers were told */
	uint64_t address; /* of the AMO that is being run */
	uint64_t flags; /* those in fflags before the FP instruction that is being run */
	bool flags_aside;
	uint64_t values[NOTES_MAX * TRACE_VALUES_MAX];
};

/* Instructions [from, end) of a block, which retired one after the other. */
struct trace_run {
	uint32_t code;
	uint8_t hart, from, end;
	uint64_t cycle; /* of the block's start */
	uint64_t retired; /* before the first of them */
};

/* Integer registers, then FP registers. */
struct trace_registers {
	uint64_t value[64];
};

/* Coding of runs: texts by number, and what probably comes next. Writer's and reader's move alike. */
struct trace_runs {
	struct code {
		uint64_t pc;
		uint32_t hash, site; /* of the text; of its first value */
		uint8_t mode, tells, count;
		struct insn *insns; /* the reader's */
		struct code_insn {
			struct trace_text_insn text;
			uint16_t values; /* noted in the block before it */
			uint8_t events; /* likewise */
			uint8_t offset; /* in the block, bytes */
		} at[]; /* and one more, for the end */
	} **codes;
	size_t code_count, code_capacity;
	size_t known; /* codes that were read before the reader went back: 0, or at least code_count of them */
	size_t room; /* for more of them, in instructions */
	uint32_t *index; /* codes by content: the writer's */
	size_t index_size;
	uint64_t *sites; /* the last value of each that is noted */
	size_t site_count, site_capacity;
	struct guess {
		uint64_t next; /* which run came next: next_of */
		uint32_t cycles; /* how much later its block began */
	} *guesses;
	struct run_place { /* where a hart is */
		uint32_t code;
		uint8_t end;
		uint64_t cycle, retired;
		struct trace_registers registers; /* the reader's */
		bool known; /* registers have been told */
	} *harts;
	unsigned hart_count;
};

int trace_runs_init(struct trace_runs *runs, unsigned hart_count); /* 0, or -1: no memory */
void trace_runs_free(struct trace_runs *runs);

/* Number of this text; *fresh: it is a new one. 0: no memory, or no room for it. */
uint32_t trace_runs_number(struct trace_runs *runs, const struct trace_text *text, bool *fresh);

/*
 * Records without their tag's kind. Encoders return bytes written, at most so many; decoders like trace_decode bytes
 * consumed, 0: cut off, SIZE_MAX: wrong. A run's hart may stand in it: `before` is that of the event or run before.
 */
enum {
	TRACE_TEXT_MAX = 16 + TRACE_CODE_MAX * 9,
	TRACE_RUN_MAX = 48 + TRACE_VALUES_MAX * 9,
	TRACE_REGISTERS_MAX = 10 + 64 * 8
};
enum { TAG_RUN = 0x80, TAG_RUN_HART = 0x20 };
size_t trace_put_text(const struct trace_text *text, uint8_t *out);

/*
 * Runs: a hart's notes up to this number of retired instructions, or as many as there is room for. *out moves, *events
 * grows by the events that they are. True: those are all, and but for the last block, which may go on, they are
 * forgotten.
 */
bool trace_put_notes(struct trace_runs *runs, struct trace_notes *notes, unsigned hart, uint64_t retired,
                     uint8_t before, uint8_t **out, const uint8_t *limit, uint64_t *events);

/* All but the last block, which may go on. */
void trace_forget_notes(struct trace_notes *notes);
size_t trace_put_registers(unsigned hart, const struct trace_registers *registers, bool check, uint8_t *out);
/* Wrong is also what there is no room for. */
size_t trace_get_text(struct trace_runs *runs, const uint8_t *in, size_t size);
size_t trace_get_run(struct trace_runs *runs, const uint8_t *in, size_t size, uint8_t before, struct trace_run *run,
                     uint64_t *values);
/* *differs: they are not what the runs so far make them. */
size_t trace_get_registers(struct trace_runs *runs, const uint8_t *in, size_t size, bool *differs);

/* What a reader knows of runs now. NULL: no memory. And back to it. */
struct trace_runs_kept;
struct trace_runs_kept *trace_runs_keep(const struct trace_runs *runs);
void trace_runs_back(struct trace_runs *runs, const struct trace_runs_kept *kept);
void trace_runs_drop(struct trace_runs_kept *kept);

/* Events of a run, as the writer counts them: an access for each instruction that may store. */
unsigned trace_run_events(const struct trace_runs *runs, const struct trace_run *run);

/* The instruction at `pc` in texts of this mode, the latest of them. False: none is known. */
bool trace_runs_insn(const struct trace_runs *runs, uint8_t mode, uint64_t pc, uint32_t *word);

/* The reader's: instruction `i` of a run happens. Its events, at most two (enum trace_tells says which). Values of the
 * run from *values on, which moves past those of this instruction. */
unsigned trace_run_step(struct trace_runs *runs, const struct trace_run *run, unsigned i, const uint64_t **values,
                        struct trace_event *events);

#endif
