/*
 * What harts cost each other, on four of them: bandwidth, a line that two fight for, locks. Not measured on any RTL:
 * tests/accuracy/harts prints what the presets say and what a longer quantum does to it. A row's cycles: from the first
 * hart's start to the last one's end.
 */
#include <stdbool.h>
#include "accuracy.h"

enum { HARTS = 4, LINE = 64, ARRAY = 256 << 10, ROUNDS = 500 };

/* Each on a line of its own. */
struct cell {
	uint64_t value;
} __attribute__((aligned(LINE)));

struct row {
	const char *name;
	unsigned harts;
	void (*run)(unsigned hart);
	uint64_t units;
};

static struct cell arrived, released, start, started[HARTS], ended[HARTS], retired[HARTS];
static struct cell line, lock, next_ticket, now_serving, token, counter;
static uint64_t array[HARTS][ARRAY / 8] __attribute__((aligned(4096)));

static uint64_t fetch_add(struct cell *cell, uint64_t by) { return __atomic_fetch_add(&cell->value, by, __ATOMIC_SEQ_CST); }
static uint64_t look(const struct cell *cell) { return __atomic_load_n(&cell->value, __ATOMIC_ACQUIRE); }
static void put(struct cell *cell, uint64_t value) { __atomic_store_n(&cell->value, value, __ATOMIC_RELEASE); }

/* ---- rows ---- */

/* A load of each line of an array that no cache holds; nothing depends on it but the loop's pace. */
static void read_lines(unsigned hart)
{
	const volatile uint64_t *at = array[hart];
	for (unsigned i = 0; i < ARRAY / 8; i += LINE / 8)
		(void)at[i];
}

static void write_lines(unsigned hart)
{
	volatile uint64_t *at = array[hart];
	for (unsigned i = 0; i < ARRAY / 8; i += LINE / 8)
		at[i] = i;
}

static void fight(unsigned hart)
{
	(void)hart;
	for (unsigned i = 0; i < 4 * ROUNDS; i++) {
		fetch_add(&line, 1);
		put(&line, look(&line) + 1);
	}
}

/* Test and set. */
static void take_lock(unsigned hart)
{
	(void)hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		while (__atomic_exchange_n(&lock.value, 1, __ATOMIC_ACQUIRE))
			while (look(&lock))
				;
		counter.value++;
		put(&lock, 0);
	}
}

static void take_ticket(unsigned hart)
{
	(void)hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t ticket = fetch_add(&next_ticket, 1);
		while (look(&now_serving) != ticket)
			;
		counter.value++;
		put(&now_serving, ticket + 1);
	}
}

/* From each hart to the next. */
static void hand_around(unsigned hart)
{
	for (uint64_t i = 0; i < ROUNDS; i++) {
		while (look(&token) != HARTS * i + hart)
			;
		counter.value++;
		put(&token, HARTS * i + hart + 1);
	}
}

static const struct row rows[] = {
	{"read_lines_1", 1, read_lines, ARRAY / LINE},
	{"read_lines_4", 4, read_lines, ARRAY / LINE},
	{"write_lines_1", 1, write_lines, ARRAY / LINE},
	{"write_lines_4", 4, write_lines, ARRAY / LINE},
	{"fight_for_line_2", 2, fight, 4 * ROUNDS},
	{"lock_1", 1, take_lock, ROUNDS},
	{"lock_4", 4, take_lock, ROUNDS},
	{"ticket_lock_4", 4, take_ticket, ROUNDS},
	{"hand_around_4", 4, hand_around, ROUNDS},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* ---- running ---- */

static void meet(uint64_t number)
{
	if (fetch_add(&arrived, 1) + 1 == HARTS * number) {
		start.value = csr_read(mcycle) + 5000;
		put(&released, number);
	}
	while (look(&released) != number)
		;
}

static void print_row(const struct row *row)
{
	uint64_t first = UINT64_MAX, last = 0, instructions = 0;
	for (unsigned i = 0; i < row->harts; i++) {
		first = started[i].value < first ? started[i].value : first;
		last = ended[i].value > last ? ended[i].value : last;
		instructions += retired[i].value;
	}
	report(row->name, last - first, instructions, row->units);
}

/* Locks must have let in everybody, one at a time. */
static void check(const struct row *row)
{
	bool locks = row->run == take_lock || row->run == take_ticket || row->run == hand_around;
	if (locks && counter.value != (uint64_t)row->harts * ROUNDS) {
		put_text("lost updates\n");
		finish(1);
	}
	counter.value = 0;
}

static void run_row(const struct row *row, unsigned hart)
{
	while (csr_read(mcycle) < start.value) /* together: some have left the meeting later */
		;
	if (hart >= row->harts)
		return;
	uint64_t instructions = csr_read(minstret);
	put(&started[hart], csr_read(mcycle));
	row->run(hart);
	put(&ended[hart], csr_read(mcycle));
	put(&retired[hart], csr_read(minstret) - instructions);
}

void run_rows(unsigned hart); /* harts_code.S: every hart */

void run_rows(unsigned hart)
{
	for (unsigned i = 0; i < ROWS; i++) {
		meet(2 * i + 1);
		run_row(&rows[i], hart);
		meet(2 * i + 2);
		if (hart == 0) {
			print_row(&rows[i]);
			check(&rows[i]);
		}
	}
	meet(2 * ROWS + 1);
	if (hart == 0)
		finish(0);
	for (;;)
		__asm__ volatile("wfi");
}
