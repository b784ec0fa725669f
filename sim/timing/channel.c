#include "timing/channel.h"

unsigned channel_take(struct channel *channel, unsigned gap, uint64_t now)
{
	uint64_t slot = now / gap, first = slot / 64;
	for (uint64_t number = first; number < first + CHANNEL_WORDS; number++, slot = number * 64) {
		uint64_t *used = &channel->used[number % CHANNEL_WORDS], *holds = &channel->number[number % CHANNEL_WORDS];
		if (*holds > number)
			return 0; /* too long ago for anybody to remember */
		if (*holds < number) {
			*holds = number;
			*used = 0;
		}
		uint64_t free = ~*used & UINT64_MAX << slot % 64;
		if (!free)
			continue;
		*used |= free & -free;
		uint64_t start = (number * 64 + (unsigned)__builtin_ctzll(free)) * gap;
		/* the one that is under way counts as free: none is lost by rounding */
		return start > now ? (unsigned)(start - now) : 0;
	}
	return CHANNEL_WORDS * 64 * gap;
}
