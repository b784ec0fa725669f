/* Memory that S-mode has named, byte by byte: it need not be there. */
#include "arch/extable.h"
#include "machine/machine.h"

bool sbi_load_byte(uint64_t address, char *byte)
{
	uint64_t ok = 0, loaded = 0;

	__asm__ volatile("1: lbu %1, (%2)\n"
	                 "   li %0, 1\n"
	                 "2:\n" EXTABLE("1b", "2b")
	                 : "+r"(ok), "+r"(loaded)
	                 : "r"(address)
	                 : "memory");
	*byte = (char)loaded;
	return ok;
}

bool sbi_store_byte(uint64_t address, char byte)
{
	uint64_t ok = 0;

	__asm__ volatile("1: sb %1, (%2)\n"
	                 "   li %0, 1\n"
	                 "2:\n" EXTABLE("1b", "2b")
	                 : "+r"(ok)
	                 : "r"((uint64_t)(uint8_t)byte), "r"(address)
	                 : "memory");
	return ok;
}
