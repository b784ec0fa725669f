/* Which exception an instruction raises where it is not allowed: illegal or virtual instruction, row by row. */
#include "rt.h"

int main(void)
{
	reset();
	struct trap *t = try(MODE_VS, CSRR(A0, CSR_HSTATUS), 0, 0);
	CHECK("H_csrs_hs_not_vs", took(t, LEVEL_S, EXC_VIRTUAL));
	t = try(MODE_VS, ADDI(A0, A1, 5), 7, 0);
	CHECK("selftest", finished(t) && t->x[A0] == 12);
	t = try(MODE_VU, ADDI(A0, A1, 5), 7, 0);
	CHECK("selftest", finished(t) && t->x[A0] == 12);
	t = try(MODE_M, ADDI(A0, A1, 5), 7, 0);
	CHECK("selftest", finished(t) && t->x[A0] == 12);
	struct guest g;
	guest_new(&g, 3, 3);
	guest_data(&g, 1)[0] = 0x1234;
	t = try(MODE_VS, LD, guest_va(&g, 1), 0);
	CHECK("selftest", finished(t) && t->x[A0] == 0x1234);
	guest_map(&g, 0, PTE_ALL, PTE_ALL);
	guest_data(&g, 0)[1] = 0x55;
	t = try(MODE_VU, LD, guest_va(&g, 0) + 8, 0);
	CHECK("selftest", finished(t) && t->x[A0] == 0x55);
	return 0;
}
