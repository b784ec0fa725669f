#include "trace/read_names.h"

#include <stdlib.h>
#include <string.h>
#include "base/symbols.h"
#include "base/varint.h"
#include "trace/format.h"

int reader_names_init(struct reader_names *names, unsigned hart_count)
{
	names->symbols = symbols_new();
	names->hart_count = hart_count;
	names->hgatp = calloc(hart_count, sizeof(*names->hgatp));
	return names->symbols && names->hgatp ? 0 : -1;
}

void reader_names_free(struct reader_names *names)
{
	symbols_free(names->symbols);
	free(names->hgatp);
}

/* Is there room for one more, with a name of so many bytes? */
static bool has_room(struct reader_names *names, size_t length)
{
	enum { ROOM = 1 << 27 }; /* bytes */
	names->bytes += sizeof(struct symbol) + sizeof(size_t) + length + 1;
	return names->bytes <= ROOM;
}

/* The name at the end of a record, `length` bytes long, as a text of its own. NULL: no memory, or too many of them. */
static char *take_name(struct reader_names *names, const uint8_t *in, size_t length)
{
	return has_room(names, length) ? strndup((const char *)in, length) : NULL;
}

/* Numbers of a record, the last the length of its name, and how many bytes they take; or 0 or SIZE_MAX. */
static size_t get_numbers(const uint8_t *in, size_t size, uint64_t *values, unsigned count)
{
	size_t used = trace_get_varints(in, size, values, count);
	if (used == 0 || used == SIZE_MAX)
		return used;
	if (values[count - 1] > TRACE_NAME_MAX)
		return SIZE_MAX;
	return values[count - 1] > size - used ? 0 : used;
}

size_t reader_names_symbol(struct reader_names *names, const uint8_t *in, size_t size)
{
	uint64_t values[4]; /* scope, address, size, length of the name */
	size_t used = get_numbers(in, size, values, 4);
	if (used == 0 || used == SIZE_MAX)
		return used;
	char *name = values[0] < TRACE_SCOPES ? take_name(names, in + used, values[3]) : NULL;
	int result = name ? symbols_add(names->symbols, &(struct symbol){.address = values[1],
	                                                                 .size = values[2],
	                                                                 .limit = UINT64_MAX,
	                                                                 .order = ++names->count,
	                                                                 .name = name,
	                                                                 .module = (unsigned)values[0]})
	                  : -1;
	free(name);
	names->sorted = false;
	return result == 0 ? used + values[3] : SIZE_MAX;
}

size_t reader_names_guest(struct reader_names *names, const uint8_t *in, size_t size)
{
	uint64_t values[3]; /* hgatp, scope, length of the name */
	size_t used = get_numbers(in, size, values, 3);
	if (used == 0 || used == SIZE_MAX)
		return used;
	unsigned scope = (unsigned)values[1];
	char *name = values[1] != 0 && values[1] < TRACE_SCOPES ? take_name(names, in + used, values[2]) : NULL;
	int result = !name       ? -1
	             : values[0] ? symbols_bind(names->symbols, values[0], scope)
	                         : symbols_add_guest(names->symbols, scope);
	if (result == 0 && values[2])
		symbols_name_space(names->symbols, scope, name); /* the first that it is called by */
	free(name);
	return result == 0 ? used + values[2] : SIZE_MAX;
}

const char *reader_names_of_guest(const struct reader_names *names, unsigned guest)
{
	return symbols_space_name(names->symbols, guest);
}

void reader_names_event(struct reader_names *names, struct trace_event *event)
{
	bool virt = mode_virt((enum mode)event->mode);
	event->guest = 0;
	if (event->hart >= names->hart_count)
		return;
	if (event->type == TRACE_WORLD && event->value[0] == TRACE_RESET)
		symbols_unbind(names->symbols);
	if (event->type == TRACE_WORLD && virt)
		names->hgatp[event->hart] = event->value[2];
	unsigned space = virt ? symbols_space_of(names->symbols, names->hgatp[event->hart]) : SPACE_UNKNOWN;
	event->guest = (uint16_t)(space < TRACE_SCOPES ? space : 0);
}

const char *reader_names_find(struct reader_names *names, enum mode mode, unsigned guest, uint64_t address,
                              uint64_t *offset)
{
	if (!names->sorted)
		symbols_seal(names->symbols);
	names->sorted = true;
	/* where no guest was given, a program may hold its guests itself */
	bool host = !mode_virt(mode) || !symbols_have_guests(names->symbols);
	return symbols_find_in(names->symbols, host ? SPACE_HOST : guest ? guest : SPACE_UNKNOWN, address, offset);
}
