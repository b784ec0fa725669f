#include "timing/channel.h"

unsigned channel_take(struct channel *channel, unsigned gap, uint64_t now)
{
	uint64_t slot = now / gap, first = slot / 64;
	for (uint64_t number = first; number < first + CHANNEL_WORDS; number++, slot = number * 64) {
		uint64_t *used = &channel->used[number % CHANNEL_WORDS],
			 *holds = &channel->number[number % CHANNEL_WORDS];
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

enum { CHANNEL_VERSION = 1 };
_Static_assert(CHANNEL_WORDS == 256, "another number is another version");

void channel_save(const struct channel *channel, struct state_writer *writer)
{
	state_write_begin(writer, "channel", CHANNEL_VERSION);
	STATE_WRITE(writer, channel->used);
	STATE_WRITE(writer, channel->number);
	state_write_end(writer);
}

bool channel_restore(struct channel *channel, struct state_reader *reader)
{
	if (!state_read_begin(reader, "channel", CHANNEL_VERSION))
		return false;
	STATE_READ(reader, channel->used);
	STATE_READ(reader, channel->number);
	if (!state_read_end(reader))
		return false;
	for (unsigned i = 0; i < CHANNEL_WORDS; i++)
		if (channel->number[i] && channel->number[i] % CHANNEL_WORDS != i)
			return state_refuse(reader, "channel: a slot is where it cannot be");
	return true;
}
