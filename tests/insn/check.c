/* The same operations through the simulator's decoder and handlers, compared with the results on stdin.
 * usage: check SEED ROUNDS */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "isa/insn.h"
#include "engine/op.h"
#include "operands.h"

/* Only the handlers of these files are linked: others are NULL, and never asked for. */
#define INSN(id, name, match, mask, format, ext, class, semantics, ...) op_fn op_##semantics __attribute__((weak));
#include "isa/insn.def"
#undef INSN

static op_fn *const handlers[INSN_COUNT] = {
#define INSN(id, name, match, mask, format, ext, class, semantics, ...) [INSN_##id] = op_##semantics,
#include "isa/insn.def"
#undef INSN
};

static const uint32_t words[] = {
#define OPERATION(bytes, word) word,
#include "operations.def"
#undef OPERATION
};

enum { A0 = 10, A1 = 11 };

static OP(stop)
{
	(void)hart;
	(void)op;
	LEAVE;
}

/* QEMU 7.2 counts the zeros of the whole register when the low word has no one. */
static bool reference_is_wrong(const struct insn *insn, uint64_t a)
{
	return insn->id == INSN_ctzw && (uint32_t)a == 0;
}

/* Returns failures; the first few are printed. */
static uint64_t check_word(struct hart *hart, uint32_t word, uint64_t *state, uint64_t rounds)
{
	const struct isa isa = isa_default();
	const struct insn insn = decode(&isa, word);
	struct op ops[2] = {
		{ .run = handlers[insn.semantics], .rd = insn.rd, .rs1 = insn.rs1, .rs2 = insn.rs2, .imm = insn.imm, .word = word },
		{ .run = op_stop },
	};
	uint64_t failures = 0;

	if (!ops[0].run) {
		fprintf(stderr, "check: no handler for %08" PRIx32 "\n", word);
		exit(2);
	}
	for (uint64_t round = 0; round < rounds; round++) {
		uint64_t a = next_operand(state), b = next_operand(state), expected;

		if (fread(&expected, sizeof(expected), 1, stdin) != 1) {
			fprintf(stderr, "check: the reference ended early\n");
			exit(2);
		}
		hart->x[A0] = a;
		hart->x[A1] = b;
		op_run(hart, ops);
		if (hart->x[A0] == expected || reference_is_wrong(&insn, a))
			continue;
		if (failures++ < 3)
			printf("FAILED: %s (%08" PRIx32 ") %#" PRIx64 ", %#" PRIx64 ": %#" PRIx64 ", reference %#" PRIx64 "\n",
			       insn_rows[insn.id].name, word, a, b, hart->x[A0], expected);
	}
	return failures;
}

int main(int argc, char **argv)
{
	static struct hart hart;
	const uint64_t count = sizeof(words) / sizeof(words[0]);
	uint64_t state, rounds, failures = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: check SEED ROUNDS\n");
		return 2;
	}
	state = strtoull(argv[1], NULL, 10);
	rounds = strtoull(argv[2], NULL, 10);
	for (size_t i = 0; i < count; i++)
		failures += check_word(&hart, words[i], &state, rounds);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", count * rounds - failures, failures);
	return failures != 0;
}
