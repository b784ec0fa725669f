/* Record shuffling in the manner of Dhrystone: structures copied and compared, small calls, strings. */
#include "bench.h"

enum kind { KIND_A, KIND_B, KIND_C };

struct record {
	struct record *next;
	enum kind kind;
	int number;
	char text[32];
};

static struct record first, second;
static int array[64];

static int equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static void copy(char *to, const char *from)
{
	while ((*to++ = *from++) != 0)
		;
}

static __attribute__((noinline)) enum kind turn(enum kind kind, int number)
{
	switch (kind) {
	case KIND_A: return number > 100 ? KIND_A : KIND_C;
	case KIND_B: return KIND_A;
	default: return KIND_B;
	}
}

static __attribute__((noinline)) void pass(struct record *record, int number)
{
	*record->next = *record;
	record->number = number;
	record->next->number = record->number + array[number & 63];
	record->next->kind = turn(record->kind, record->next->number);
	array[number & 63] = record->next->number / 3;
}

uint64_t records(unsigned hart)
{
	int wrong = 0;
	first.next = &second;
	second.next = &first;
	copy(first.text, "some string of thirty chars, A");
	for (unsigned i = 0; i < ROUNDS; i++) {
		first.kind = (enum kind)((i + hart) % 3);
		pass(&first, (int)(i % 1000));
		copy(second.text, "some string of thirty chars, B");
		wrong += equal(first.text, second.text);
		second.kind = turn(second.kind, second.number);
	}
	return (uint64_t)second.number << 32 | (unsigned)wrong;
}
