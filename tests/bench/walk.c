/* Memory walk: a pointer chase through 4 MiB in an order that no prefetcher likes, then sequential sums over the
 * same. */
#include "bench.h"

enum { NODES = (4 << 20) / 64 };

struct node {
	struct node *next;
	uint64_t value[7];
};

static struct node nodes[NODES] __attribute__((aligned(64)));

uint64_t walk(unsigned hart)
{
	uint64_t sum = hart;
	for (unsigned i = 0; i < NODES; i++) {
		nodes[i].next = &nodes[(i * 40503u + 12345u) % NODES];
		nodes[i].value[0] = i;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct node *node = &nodes[round % NODES];
		for (unsigned i = 0; i < NODES; i++) {
			sum += node->value[0];
			node = node->next;
		}
		for (unsigned i = 0; i < NODES; i++)
			sum += nodes[i].value[0] ^ i;
	}
	return sum;
}
