/* Memory that S-mode has named: it need not be there. */
#include "arch/extable.h"
#include "lib/string.h"
#include "machine/machine.h"

static bool load_word(uint64_t address, uint64_t *word)
{
	uint64_t ok = 0;

	__asm__ volatile("1: ld %1, (%2)\n"
	                 "   li %0, 1\n"
	                 "2:\n" EXTABLE("1b", "2b")
	                 : "+r"(ok), "+r"(*word)
	                 : "r"(address)
	                 : "memory");
	return ok;
}

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

uint64_t sbi_load_bytes(uint64_t address, char *bytes, uint64_t size)
{
	uint64_t done = 0, word = 0;

	while (done < size) {
		if (!((address + done) & 7) && size - done >= sizeof word && load_word(address + done, &word)) {
			memcpy(bytes + done, &word, sizeof word);
			done += sizeof word;
		} else if (sbi_load_byte(address + done, bytes + done)) {
			done++;
		} else {
			break;
		}
	}
	return done;
}
