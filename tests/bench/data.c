/* Programs whose time goes where their data leads them: tables, lists, sorting, a sparse matrix. */
#include "bench.h"

#ifndef BYTES
#define BYTES (256 << 10)
#endif

/* A pointer chase: each node is read once, in an order that no prefetcher likes. */
struct node {
	struct node *next;
	uint64_t value[7];
};

enum { NODES = BYTES / sizeof(struct node), STEPS = 4096 };
static struct node nodes[NODES] NOINIT(nodes);

uint64_t chase(unsigned hart)
{
	uint64_t sum = hart;
	for (unsigned i = 0; i < NODES; i++) {
		nodes[i].next = &nodes[(i * 40501u + 12345u) % NODES];
		nodes[i].value[0] = i;
	}
	const struct node *node = nodes;
	for (unsigned i = 0; i < ROUNDS * STEPS; i++) {
		sum = sum * 3 + node->value[0];
		node = node->next;
	}
	return sum;
}

/* A join by hash: a table of 8 MiB is built from one relation, and looked up for each row of another, of 8 MiB too. */
struct slot {
	uint64_t key, value;
};

enum { SLOTS = 1 << 19, ROWS = 1 << 20, PROBES = 1 << 14 };
static struct slot slots[SLOTS] NOINIT(slots);
static uint64_t rows[ROWS] NOINIT(rows);

static struct slot *find_slot(uint64_t key)
{
	uint64_t at = key * UINT64_C(0x9e3779b97f4a7c15) >> 45;
	while (slots[at].key && slots[at].key != key)
		at = (at + 1) % SLOTS;
	return &slots[at];
}

uint64_t hash_join(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u, sum = 0;
	for (unsigned i = 0; i < SLOTS; i++)
		slots[i].key = 0;
	for (unsigned i = 0; i < SLOTS / 4; i++) {
		x = next_random(x);
		*find_slot(x >> 44 | 1) = (struct slot){x >> 44 | 1, i};
	}
	for (unsigned i = 0; i < ROWS; i++) {
		x = next_random(x);
		rows[i] = x >> 44 | 1;
	}
	for (unsigned i = 0; i < ROUNDS * PROBES; i++) {
		const struct slot *slot = find_slot(rows[i % ROWS]);
		if (slot->key)
			sum += slot->value ^ i;
	}
	return sum;
}

/* A list of 1 MiB sorted by merging, from the bottom up. */
struct item {
	struct item *next;
	uint64_t key, rest[2];
};

enum { ITEMS = 1 << 15, RUNS = 20 };
static struct item items[ITEMS] NOINIT(items);

static struct item *merge(struct item *a, struct item *b)
{
	struct item *head, **end = &head;
	while (a && b) {
		if (a->key <= b->key) {
			*end = a;
			a = a->next;
		} else {
			*end = b;
			b = b->next;
		}
		end = &(*end)->next;
	}
	*end = a ? a : b;
	return head;
}

static struct item *sort_list(struct item *list)
{
	static struct item *runs[RUNS];
	while (list) {
		struct item *run = list;
		list = list->next;
		run->next = 0;
		unsigned i = 0;
		for (; runs[i]; i++) {
			run = merge(runs[i], run);
			runs[i] = 0;
		}
		runs[i] = run;
	}
	for (unsigned i = 0; i < RUNS; i++) {
		list = merge(runs[i], list);
		runs[i] = 0;
	}
	return list;
}

uint64_t list_sort(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u, sum = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < ITEMS; i++) {
			x = next_random(x);
			items[i].key = x >> 20;
			items[i].next = i + 1 < ITEMS ? &items[i + 1] : 0;
		}
		for (const struct item *item = sort_list(items); item; item = item->next)
			sum = mixed(sum, item->key);
	}
	return sum;
}

/* Quicksort of 256 KiB, the middle as pivot, insertion below 12. */
enum { KEYS = 1 << 16 };
static uint32_t keys[KEYS] NOINIT(keys);

static void quick(uint32_t *low, uint32_t *high)
{
	while (high - low > 12) {
		uint32_t pivot = low[(high - low) / 2];
		uint32_t *i = low, *j = high;
		while (i <= j) {
			while (*i < pivot)
				i++;
			while (*j > pivot)
				j--;
			if (i <= j) {
				uint32_t key = *i;
				*i++ = *j;
				*j-- = key;
			}
		}
		quick(low, j);
		low = i;
	}
	for (uint32_t *i = low + 1; i <= high; i++) {
		uint32_t key = *i, *j = i;
		for (; j > low && j[-1] > key; j--)
			*j = j[-1];
		*j = key;
	}
}

uint64_t quick_sort(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u, sum = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < KEYS; i++) {
			x = next_random(x);
			keys[i] = (uint32_t)x;
		}
		quick(keys, keys + KEYS - 1);
		for (unsigned i = 0; i < KEYS; i += 7)
			sum = mixed(sum, keys[i]);
	}
	return sum;
}

/* A sparse matrix of doubles by a vector, compressed rows, 6 MiB; and the vector's next value from the product. */
enum { SIDE = 1 << 16, IN_ROW = 8 };
static double elements[SIDE * IN_ROW] NOINIT(elements);
static uint32_t columns[SIDE * IN_ROW] NOINIT(columns), ends[SIDE + 1] NOINIT(ends);
static double vector[SIDE] NOINIT(vector), product[SIDE] NOINIT(product);

uint64_t sparse(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u, sum = 0;
	ends[0] = 0;
	for (unsigned i = 0; i < SIDE; i++) {
		vector[i] = 1.0;
		ends[i + 1] = ends[i] + IN_ROW;
		for (unsigned j = ends[i]; j < ends[i + 1]; j++) {
			x = next_random(x);
			columns[j] = (uint32_t)(x >> 32) % SIDE;
			elements[j] = (double)(x & 1023) / 4096;
		}
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < SIDE; i++) {
			double dot = 0;
			for (unsigned j = ends[i]; j < ends[i + 1]; j++)
				dot += elements[j] * vector[columns[j]];
			product[i] = dot;
		}
		for (unsigned i = 0; i < SIDE; i++)
			vector[i] = 0.5 * vector[i] + 0.25 * product[i];
	}
	for (unsigned i = 0; i < SIDE; i++)
		sum = mixed(sum, (uint64_t)(vector[i] * 1024));
	return sum;
}
