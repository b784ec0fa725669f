/* Kernels in the manner of CoreMark: a linked list sorted, a small matrix product, a state machine over text, a CRC. */
#include "bench.h"

enum { ITEMS = 64, SIDE = 12 };

struct item {
	struct item *next;
	int16_t value;
};

static struct item items[ITEMS];
static int16_t a[SIDE][SIDE], b[SIDE][SIDE];
static int32_t c[SIDE][SIDE];

static uint16_t crc(uint16_t value, uint16_t sum)
{
	for (int i = 0; i < 16; i++) {
		uint16_t bit = (value ^ sum) & 1;
		sum >>= 1;
		if (bit)
			sum ^= 0xa001;
		value >>= 1;
	}
	return sum;
}

static struct item *insert_sorted(struct item *head, struct item *item)
{
	struct item **place = &head;
	while (*place && (*place)->value < item->value)
		place = &(*place)->next;
	item->next = *place;
	*place = item;
	return head;
}

static uint16_t sort(uint16_t seed)
{
	struct item *head = 0;
	uint16_t sum = seed;
	for (int i = 0; i < ITEMS; i++) {
		seed = (uint16_t)(seed * 25173u + 13849u);
		items[i].value = (int16_t)seed;
		head = insert_sorted(head, &items[i]);
	}
	for (const struct item *item = head; item; item = item->next)
		sum = crc((uint16_t)item->value, sum);
	return sum;
}

static uint16_t multiply(uint16_t seed)
{
	uint16_t sum = 0;
	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			a[i][j] = (int16_t)(seed + i * j);
			b[i][j] = (int16_t)(seed ^ (i + j));
		}
	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			int32_t dot = 0;
			for (int k = 0; k < SIDE; k++)
				dot += a[i][k] * b[k][j];
			c[i][j] = dot;
			sum ^= (uint16_t)dot;
		}
	return sum;
}

/* Counts numbers of each form in a text. */
static uint16_t scan(uint16_t seed)
{
	static const char text[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,T0.3e-1F,-T.T++Tq";
	enum { START, INT, FLOAT, EXPONENT, INVALID } state = START;
	uint16_t counts[5] = {0};
	for (const char *p = text; *p; p++) {
		char ch = (char)(*p ^ (seed & 1));
		if (ch == ',') {
			counts[state]++;
			state = START;
		} else if (ch >= '0' && ch <= '9') {
			if (state == START)
				state = INT;
		} else if (ch == '.') {
			state = state == START || state == INT ? FLOAT : INVALID;
		} else if (ch == 'e') {
			state = state == FLOAT || state == INT ? EXPONENT : INVALID;
		} else if (ch != '+' && ch != '-') {
			state = INVALID;
		}
	}
	return crc(counts[INT], crc(counts[FLOAT], counts[INVALID]));
}

uint64_t kernels(unsigned hart)
{
	uint16_t sum = (uint16_t)hart;
	for (unsigned i = 0; i < ROUNDS; i++) {
		sum = crc(sort(sum), sum);
		sum = crc(multiply(sum), sum);
		sum = crc(scan(sum), sum);
	}
	return sum;
}
