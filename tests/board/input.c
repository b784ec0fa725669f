/* Each start takes one character of input and shows it; what nobody has taken is there for the next one. */
#include "board.h"

int main(u64 hart)
{
	if (hart)
		return 0;
	while (!(REG8(UART + 5) & 1))
		;
	char character = (char)REG8(UART);
	put(character);
	if (character == '\n')
		return 0;
	REG32(FINISHER) = RESET;
	for (;;)
		;
}
