/* Identity page tables of 4 KiB pages for 128 MiB at 0x80000000 and the pages of the finisher and the UART, for
 * both stages. */
#include <stdint.h>

enum { PAGES = 128 << 8, LEVEL0 = PAGES / 512, LEAF = 0xdf /* D A U X W R V */ };

#define RAM UINT64_C(0x80000000)
#define FINISHER UINT64_C(0x100000)
#define UART UINT64_C(0x10000000)

struct stage {
	uint64_t level1[512], low1[512], low0[512], uart0[512];
	uint64_t level0[LEVEL0][512];
} __attribute__((aligned(4096)));

extern uint64_t s_root[512], g_root[2048];

#ifndef MODE_M
static uint64_t table(const void *address) { return (uint64_t)(uintptr_t)address >> 12 << 10 | 1; }

static void fill(struct stage *stage, uint64_t *root, uint64_t leaf)
{
	root[RAM >> 30] = table(stage->level1);
	root[0] = table(stage->low1);
	stage->low1[0] = table(stage->low0);
	stage->low0[FINISHER >> 12] = (FINISHER >> 12) << 10 | leaf;
	stage->low1[UART >> 21] = table(stage->uart0);
	stage->uart0[UART >> 12 & 511] = (UART >> 12) << 10 | leaf;
	for (unsigned i = 0; i < LEVEL0; i++) {
		stage->level1[i] = table(stage->level0[i]);
		for (unsigned j = 0; j < 512; j++)
			stage->level0[i][j] = ((RAM >> 12) + i * 512 + j) << 10 | leaf;
	}
}

static struct stage stages[2];
#endif

void make_tables(void)
{
#ifndef MODE_M
	fill(&stages[0], s_root, LEAF & ~0x10); /* supervisor pages */
	fill(&stages[1], g_root, LEAF);
#endif
}
