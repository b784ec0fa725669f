/* A static Linux program: every operation of operations.def on ROUNDS pairs of operands; results to stdout, 8 bytes
 * each. usage: guest SEED ROUNDS */
#include "operands.h"

#define OPERATION(bytes, word)                                                                                       \
	__asm__(".text\n.balign 4\noperation_" #word ":\n.insn " #bytes ", " #word "\nret\n");                        \
	uint64_t operation_##word(uint64_t a, uint64_t b);
#include "operations.def"
#undef OPERATION

static uint64_t (*const operations[])(uint64_t a, uint64_t b) = {
#define OPERATION(bytes, word) operation_##word,
#include "operations.def"
#undef OPERATION
};

enum { SYS_WRITE = 64, SYS_EXIT = 93, STDOUT = 1, RESULTS = 4096 };

static long system_call(long number, long first, long second, long third)
{
	register long a7 __asm__("a7") = number, a0 __asm__("a0") = first, a1 __asm__("a1") = second;
	register long a2 __asm__("a2") = third;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
	return a0;
}

static void write_all(const uint64_t *results, unsigned count)
{
	const char *bytes = (const char *)results;
	long left = 8 * (long)count;

	while (left > 0) {
		long written = system_call(SYS_WRITE, STDOUT, (long)bytes, left);

		if (written <= 0)
			system_call(SYS_EXIT, 1, 0, 0);
		bytes += written;
		left -= written;
	}
}

static uint64_t number(const char *text)
{
	uint64_t value = 0;

	while (*text >= '0' && *text <= '9')
		value = 10 * value + (uint64_t)(*text++ - '0');
	return value;
}

/* The initial stack: argc, argv... */
void run(char *const *stack)
{
	static uint64_t results[RESULTS];
	uint64_t state = number(stack[2]), rounds = number(stack[3]);
	unsigned count = 0;

	for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		for (uint64_t round = 0; round < rounds; round++) {
			uint64_t a = next_operand(&state), b = next_operand(&state);

			results[count++] = operations[i](a, b);
			if (count == RESULTS) {
				write_all(results, count);
				count = 0;
			}
		}
	}
	write_all(results, count);
	system_call(SYS_EXIT, 0, 0, 0);
}

__asm__(".globl _start\n_start:\n\tmv a0, sp\n\tandi sp, sp, -16\n\tcall run\n");
