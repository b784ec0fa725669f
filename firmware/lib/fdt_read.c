#include "lib/fdt_read.h"

#include "lib/bits.h"
#include "lib/fdt_format.h"
#include "lib/string.h"

#define FDT_SIZE_MAX (UINT32_C(16) << 20) /* larger than any machine's; refuses garbage */

static uint32_t big_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

bool fdt_open(struct fdt *fdt, const void *blob)
{
	const uint8_t *header = blob;

	if (!header || ((uintptr_t)header & 3) || big_endian(header) != FDT_MAGIC)
		return false;
	*fdt = (struct fdt){
	    .blob = header,
	    .total_size = big_endian(header + 4),
	    .structure = big_endian(header + 8),
	    .strings = big_endian(header + 12),
	    .strings_size = big_endian(header + 32),
	    .structure_size = big_endian(header + 36),
	};
	return fdt->total_size >= FDT_HEADER_SIZE && fdt->total_size <= FDT_SIZE_MAX &&
	       range_within(fdt->structure, fdt->structure_size, fdt->total_size) &&
	       range_within(fdt->strings, fdt->strings_size, fdt->total_size) && fdt_root(fdt) >= 0;
}

/* One token of the structure block. */
struct cursor {
	enum fdt_token token;
	uint32_t offset; /* of this token */
	uint32_t next;   /* of the one after it */
};

/* Bytes from offset to the end of the structure block. */
static uint32_t structure_remaining(const struct fdt *fdt, uint32_t offset)
{
	return offset <= fdt->structure_size ? fdt->structure_size - offset : 0;
}

static const uint8_t *structure_at(const struct fdt *fdt, uint32_t offset)
{
	return fdt->blob + fdt->structure + offset;
}

/* Length of the string at offset with its NUL, or 0 if it does not end within the block. */
static uint32_t bounded_string(const struct fdt *fdt, uint32_t offset)
{
	uint32_t limit = structure_remaining(fdt, offset);

	for (uint32_t length = 0; length < limit; length++)
		if (!structure_at(fdt, offset)[length])
			return length + 1;
	return 0;
}

/* Reads the token at offset; a damaged one reads as FDT_END, which ends every walk. */
static struct cursor read_token(const struct fdt *fdt, uint32_t offset)
{
	struct cursor cursor = {FDT_END, offset, offset};

	if (structure_remaining(fdt, offset) < 4)
		return cursor;
	switch (big_endian(structure_at(fdt, offset))) {
	case FDT_BEGIN_NODE: {
		uint32_t length = bounded_string(fdt, offset + 4);
		if (!length)
			return cursor;
		cursor.token = FDT_BEGIN_NODE;
		cursor.next = offset + 4 + (uint32_t)align_up(length, 4);
		return cursor;
	}
	case FDT_PROPERTY: {
		if (structure_remaining(fdt, offset) < 12)
			return cursor;
		uint32_t size = big_endian(structure_at(fdt, offset + 4));
		if (size > structure_remaining(fdt, offset + 12))
			return cursor;
		cursor.token = FDT_PROPERTY;
		cursor.next = offset + 12 + (uint32_t)align_up(size, 4);
		return cursor;
	}
	case FDT_END_NODE: cursor.token = FDT_END_NODE; break;
	case FDT_NOP: cursor.token = FDT_NOP; break;
	default: return cursor;
	}
	cursor.next = offset + 4;
	return cursor;
}

/* The first token at or after offset that is a node's begin or end, or the end of the tree. */
static struct cursor skip_to_structure(const struct fdt *fdt, uint32_t offset)
{
	struct cursor cursor = read_token(fdt, offset);

	while (cursor.token == FDT_PROPERTY || cursor.token == FDT_NOP)
		cursor = read_token(fdt, cursor.next);
	return cursor;
}

static fdt_node node_or_none(struct cursor cursor)
{
	return cursor.token == FDT_BEGIN_NODE ? (fdt_node)cursor.offset : -1;
}

fdt_node fdt_root(const struct fdt *fdt) { return node_or_none(skip_to_structure(fdt, 0)); }

fdt_node fdt_first_child(const struct fdt *fdt, fdt_node node)
{
	if (node < 0)
		return -1;
	return node_or_none(skip_to_structure(fdt, read_token(fdt, (uint32_t)node).next));
}

fdt_node fdt_next_sibling(const struct fdt *fdt, fdt_node node)
{
	uint32_t depth = 1;

	if (node < 0)
		return -1;
	struct cursor cursor = read_token(fdt, (uint32_t)node);
	while (depth) {
		cursor = skip_to_structure(fdt, cursor.next);
		if (cursor.token == FDT_END)
			return -1;
		depth += cursor.token == FDT_BEGIN_NODE ? 1 : -1u;
	}
	return node_or_none(skip_to_structure(fdt, cursor.next));
}

/* The next node in document order after node, whatever its depth; -1 after the last. */
static fdt_node next_node(const struct fdt *fdt, fdt_node node)
{
	if (node < 0)
		return -1;
	struct cursor cursor = read_token(fdt, (uint32_t)node);
	do
		cursor = skip_to_structure(fdt, cursor.next);
	while (cursor.token == FDT_END_NODE);
	return node_or_none(cursor);
}

static const char *node_name(const struct fdt *fdt, fdt_node node)
{
	return (const char *)structure_at(fdt, (uint32_t)node + 4);
}

static bool name_matches(const char *name, const char *wanted)
{
	size_t length = strlen(wanted);

	return memcmp(name, wanted, length) == 0 && (name[length] == '\0' || name[length] == '@');
}

fdt_node fdt_child(const struct fdt *fdt, fdt_node node, const char *name)
{
	fdt_node child = fdt_first_child(fdt, node);

	while (child >= 0 &&
	       !(strlen(node_name(fdt, child)) >= strlen(name) && name_matches(node_name(fdt, child), name)))
		child = fdt_next_sibling(fdt, child);
	return child;
}

/* True if the string block holds name at offset. */
static bool property_is(const struct fdt *fdt, uint32_t offset, const char *name)
{
	size_t size = strlen(name) + 1;

	return range_within(offset, size, fdt->strings_size) &&
	       memcmp(fdt->blob + fdt->strings + offset, name, size) == 0;
}

bool fdt_get(const struct fdt *fdt, fdt_node node, const char *name, struct fdt_property *property)
{
	*property = (struct fdt_property){0};
	if (node < 0)
		return false;
	struct cursor cursor = read_token(fdt, read_token(fdt, (uint32_t)node).next);
	for (; cursor.token == FDT_PROPERTY || cursor.token == FDT_NOP; cursor = read_token(fdt, cursor.next)) {
		if (cursor.token == FDT_NOP ||
		    !property_is(fdt, big_endian(structure_at(fdt, cursor.offset + 8)), name))
			continue;
		property->size = big_endian(structure_at(fdt, cursor.offset + 4));
		property->data = structure_at(fdt, cursor.offset + 12);
		return true;
	}
	return false;
}

uint32_t fdt_cell(const struct fdt_property *property, uint32_t index)
{
	return index < property->size / 4 ? big_endian(property->data + 4 * (size_t)index) : 0;
}

uint64_t fdt_number(const struct fdt_property *property, uint32_t index, uint32_t cells)
{
	uint64_t number = 0;

	while (cells--)
		number = number << 32 | fdt_cell(property, index++);
	return number;
}

uint64_t fdt_get_number(const struct fdt *fdt, fdt_node node, const char *name, uint64_t fallback)
{
	struct fdt_property property;

	if (!fdt_get(fdt, node, name, &property) || (property.size != 4 && property.size != 8))
		return fallback;
	return fdt_number(&property, 0, property.size / 4);
}

const char *fdt_get_string(const struct fdt *fdt, fdt_node node, const char *name, const char *fallback)
{
	struct fdt_property property;

	if (!fdt_get(fdt, node, name, &property) || !property.size || property.data[property.size - 1])
		return fallback;
	return (const char *)property.data;
}

bool fdt_is_compatible(const struct fdt *fdt, fdt_node node, const char *text)
{
	struct fdt_property list;

	if (!fdt_get(fdt, node, "compatible", &list) || !list.size || list.data[list.size - 1])
		return false;
	for (uint32_t start = 0; start < list.size; start += (uint32_t)strlen((const char *)list.data + start) + 1)
		if (strcmp((const char *)list.data + start, text) == 0)
			return true;
	return false;
}

fdt_node fdt_find_compatible(const struct fdt *fdt, const char *text)
{
	fdt_node node = fdt_root(fdt);

	while (node >= 0 && !fdt_is_compatible(fdt, node, text))
		node = next_node(fdt, node);
	return node;
}

bool fdt_get_reg(const struct fdt *fdt, fdt_node node, uint64_t *address, uint64_t *size)
{
	struct fdt_property reg;

	if (!fdt_get(fdt, node, "reg", &reg) || reg.size < 16)
		return false;
	*address = fdt_number(&reg, 0, 2);
	*size = fdt_number(&reg, 2, 2);
	return true;
}

bool fdt_is_enabled(const struct fdt *fdt, fdt_node node)
{
	const char *status = fdt_get_string(fdt, node, "status", "okay");

	return strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}
