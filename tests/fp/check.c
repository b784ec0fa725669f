/*
 * Compares this simulator's floating-point handlers with another implementation's answers on stdin (guest.c wrote
 * them, run with the same arguments):  guest SEED RANDOMS WHOLE | check SEED RANDOMS WHOLE
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cases.h"
#include "hart/fp.h"
#include "engine/op.h"

/* Handlers end here, by call or by return: see op.h. */
static OP(stop)
{
	(void)hart;
	(void)op;
	LEAVE;
}

OP(illegal)
{
	hart->trap.pending = true;
	(void)op;
	LEAVE;
}

#define FP_ROW(id, ...) op_fn op_##id;
#include "instructions.def"
#undef FP_ROW

static op_fn *const handlers[ROW_COUNT] = {
#define FP_ROW(id, ...) op_##id,
#include "instructions.def"
#undef FP_ROW
};

enum { A0 = 10, A1 = 11, FT0 = 0, FT1 = 1, FT2 = 2, FT3 = 3 };

static struct answer run(struct hart *hart, const struct test_case *test)
{
	const struct row *row = &rows[test->row];
	struct op ops[2] = {
		{ .run = handlers[test->row], .rd = row->result == RESULT_X ? A0 : FT3, .rs1 = row->format ? FT0 : A1, .rs2 = FT1, .rs3 = FT2,
		  .rm = (uint8_t)test->rm },
		{ .run = op_stop },
	};

	hart->csr.fcsr = test->fcsr;
	hart->x[A0] = UINT64_C(0x5a5a5a5a5a5a5a5a);
	hart->x[A1] = test->operand[0];
	for (unsigned i = 0; i < 3; i++)
		hart->f[FT0 + i] = test->operand[i];
	hart->f[FT3] = UINT64_C(0xa5a5a5a5a5a5a5a5);
	op_run(hart, ops);
	return (struct answer){ row->result == RESULT_X ? hart->x[A0] : hart->f[FT3], hart->csr.fcsr };
}

/* Reserved rounding modes, static and dynamic, are illegal for every instruction with an rm field, widening conversions
 * included, and for no other. norm:roundingmode_rsv. Returns the number of wrong verdicts. */
static unsigned check_reserved_modes(struct hart *hart)
{
	unsigned wrong = 0;

	for (unsigned row = 0; row < ROW_COUNT; row++) {
		bool has_rm = rows[row].mode == MODE_ROUNDED || strncmp(rows[row].name, "fcvt", 4) == 0;

		for (unsigned rm = 0; rm <= 7; rm++) {
			for (unsigned frm = 0; frm <= 7; frm++) {
				struct test_case test = { .row = row, .rm = rm, .fcsr = frm << 5 };
				bool reserved = (rm == RM_DYNAMIC ? frm : rm) >= RM_COUNT;

				run(hart, &test);
				if (hart->trap.pending != (has_rm && reserved)) {
					printf("%s rm=%u frm=%u: wrongly %s\n", rows[row].name, rm, frm,
					       hart->trap.pending ? "illegal" : "legal");
					wrong++;
				}
				hart->trap.pending = false;
			}
		}
	}
	return wrong;
}

static void report(const struct test_case *test, struct answer ours, struct answer theirs)
{
	printf("%s rm=%u fcsr=%02x operands", rows[test->row].name, test->rm, test->fcsr);
	for (unsigned i = 0; i < rows[test->row].operands; i++)
		printf(" %016" PRIx64, test->operand[i]);
	printf(": %016" PRIx64 " fcsr %02" PRIx64, ours.result, ours.fcsr);
	printf(", reference %016" PRIx64 " fcsr %02" PRIx64 "\n", theirs.result, theirs.fcsr);
}

int main(int argc, char **argv)
{
	static struct hart hart;
	struct test_case test;
	struct answer theirs;

	if (argc != 4) {
		fprintf(stderr, "usage: check SEED RANDOMS WHOLE < answers\n");
		return 2;
	}
	unsigned long passed = 0, failed = check_reserved_modes(&hart);
	struct sequence sequence =
	    sequence_start(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10), atoi(argv[3]));
	while (sequence_next(&sequence, &test)) {
		if (fread(&theirs, sizeof theirs, 1, stdin) != 1) {
			fprintf(stderr, "check: the answers end after %lu cases\n", passed + failed);
			return 1;
		}
		struct answer ours = run(&hart, &test);
		if (ours.result == theirs.result && ours.fcsr == theirs.fcsr && !hart.trap.pending) {
			passed++;
		} else if (++failed <= 20) {
			report(&test, ours, theirs);
		}
	}
	if (fgetc(stdin) != EOF) {
		fprintf(stderr, "check: more answers than cases\n");
		return 1;
	}
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
