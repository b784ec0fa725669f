#include "arch/extable.h"

struct extable_row {
	uint64_t instruction;
	uint64_t fixup;
};

/* From the linker script. */
extern const struct extable_row __extable_start[], __extable_end[];

uint64_t extable_find(uint64_t pc)
{
	for (const struct extable_row *row = __extable_start; row < __extable_end; row++)
		if (row->instruction == pc)
			return row->fixup;
	return 0;
}
