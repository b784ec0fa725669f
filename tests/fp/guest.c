/*
 * Runs the cases of cases.h on real instructions and writes an answer for each to stdout. A static RISC-V Linux
 * program without a library, for qemu-riscv64 or for hardware:  guest SEED RANDOMS WHOLE
 */
#include "cases.h"

typedef void runner(const struct test_case *test, struct answer *answer);

/* Two distinct patterns in the result registers show a result that goes to the wrong place, or a box that is
 * missing. */
#define RUN(instruction, result_expression)                                                                          \
	do {                                                                                                         \
		register uint64_t a0 __asm__("a0") = UINT64_C(0x5a5a5a5a5a5a5a5a);                                   \
		register uint64_t a1 __asm__("a1") = test->operand[0];                                               \
		uint64_t ft3 = UINT64_C(0xa5a5a5a5a5a5a5a5), fcsr;                                                   \
		__asm__ volatile("fscsr %[in]\n"                                                                     \
		                 "fmv.d.x ft0, a1\n"                                                                 \
		                 "fmv.d.x ft1, %[b]\n"                                                               \
		                 "fmv.d.x ft2, %[c]\n"                                                               \
		                 "fmv.d.x ft3, %[ft3]\n" instruction "\n"                                            \
		                 "fmv.x.d %[ft3], ft3\n"                                                             \
		                 "frcsr %[fcsr]\n"                                                                   \
		                 : "+r"(a0), [ft3] "+&r"(ft3), [fcsr] "=&r"(fcsr)                                    \
		                 : "r"(a1), [in] "r"((uint64_t)test->fcsr), [b] "r"(test->operand[1]),               \
		                   [c] "r"(test->operand[2])                                                         \
		                 : "ft0", "ft1", "ft2", "ft3");                                                      \
		answer->result = result_expression;                                                                  \
		answer->fcsr = fcsr;                                                                                 \
	} while (0)

#define RESULT_OF_F ft3
#define RESULT_OF_X a0

#define RUN_PLAIN(text, result) RUN(text, result)
#define RUN_ROUNDED(text, result)                                                                                    \
	switch (test->rm) {                                                                                          \
	case 0:                                                                                                      \
		RUN(text ", rne", result);                                                                           \
		break;                                                                                               \
	case 1:                                                                                                      \
		RUN(text ", rtz", result);                                                                           \
		break;                                                                                               \
	case 2:                                                                                                      \
		RUN(text ", rdn", result);                                                                           \
		break;                                                                                               \
	case 3:                                                                                                      \
		RUN(text ", rup", result);                                                                           \
		break;                                                                                               \
	case 4:                                                                                                      \
		RUN(text ", rmm", result);                                                                           \
		break;                                                                                               \
	default:                                                                                                     \
		RUN(text ", dyn", result);                                                                           \
	}

#define FP_ROW(id, text, result, format, operands, mode)                                                             \
	static void run_##id(const struct test_case *test, struct answer *answer)                                    \
	{                                                                                                            \
		RUN_##mode(text, RESULT_OF_##result);                                                                \
	}
#include "instructions.def"
#undef FP_ROW

static runner *const runners[ROW_COUNT] = {
#define FP_ROW(id, ...) run_##id,
#include "instructions.def"
#undef FP_ROW
};

/* The compiler may call these even in a freestanding program. */
void *memset(void *to, int byte, unsigned long size)
{
	for (unsigned long i = 0; i < size; i++)
		((volatile char *)to)[i] = (char)byte;
	return to;
}

void *memcpy(void *to, const void *from, unsigned long size)
{
	for (unsigned long i = 0; i < size; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}

static long system_call(long number, long a, long b, long c)
{
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a7 __asm__("a7") = number;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
	return a0;
}

enum { SYS_WRITE = 64, SYS_EXIT = 93 };

static void leave(int status)
{
	for (;;)
		system_call(SYS_EXIT, status, 0, 0);
}

static void put(const void *data, unsigned long size)
{
	const char *next = data;

	while (size) {
		long written = system_call(SYS_WRITE, 1, (long)next, (long)size);
		if (written <= 0)
			leave(1);
		next += written;
		size -= (unsigned long)written;
	}
}

static uint64_t number(const char *text)
{
	uint64_t value = 0;

	while (*text >= '0' && *text <= '9')
		value = 10 * value + (uint64_t)(*text++ - '0');
	return value;
}

__attribute__((noreturn, used)) static void guest_main(const long *stack)
{
	char **argument = (char **)(stack + 1);
	static struct answer answers[4096];
	unsigned count = 0;
	struct test_case test;

	if (stack[0] != 4)
		leave(2);
	struct sequence sequence = sequence_start(number(argument[1]), number(argument[2]), number(argument[3]));
	while (sequence_next(&sequence, &test)) {
		runners[test.row](&test, &answers[count++]);
		if (count == sizeof answers / sizeof answers[0]) {
			put(answers, sizeof answers);
			count = 0;
		}
	}
	put(answers, count * sizeof answers[0]);
	leave(0);
	__builtin_unreachable();
}

__attribute__((naked, noreturn)) void _start(void)
{
	__asm__(".option push\n"
	        ".option norelax\n"
	        "la gp, __global_pointer$\n"
	        ".option pop\n"
	        "mv a0, sp\n"
	        "andi sp, sp, -16\n"
	        "call guest_main\n");
}
