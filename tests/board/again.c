/* Resets for ever. */
#include "board.h"

int main(u64 hart)
{
	(void)hart;
	REG32(FINISHER) = RESET;
	for (;;)
		;
}
