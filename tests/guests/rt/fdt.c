/* The few facts a guest needs from its device tree, read in one pass. Format: Devicetree Specification, ch. 5. */
#include "rt.h"

enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_END = 9 };
#define FDT_MAGIC UINT32_C(0xd00dfeed)
#define MAX_DEPTH 16

struct property {
	const char *name;
	const uint8_t *data;
	uint32_t size;
};

/* What is known of a /cpus/cpu@N or /memory@A node when it ends. */
struct node {
	const char *name;
	bool is_cpu, is_memory, disabled;
	uint64_t reg[2];
	const char *isa;
};

struct reader {
	struct node stack[MAX_DEPTH];
	size_t depth; /* nodes open */
	uint32_t root_address_cells, root_size_cells;
	uint32_t cpus_address_cells;
};

struct platform platform;

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t cells(const uint8_t *data, uint32_t count)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < count; i++)
		value = value << 32 | be32(data + 4 * i);
	return value;
}

bool string_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0')
		if (*text++ != *prefix++)
			return false;
	return true;
}

static bool separator(char c)
{
	return c == ' ' || c == ',' || c == '_' || c == '\0';
}

static bool find_word(const char *text, const char *word, char extra_separator)
{
	size_t length = 0;

	while (word[length] != '\0')
		length++;
	for (bool at_start = true; *text != '\0'; text++) {
		if (at_start && starts_with(text, word) && separator(text[length]))
			return true;
		at_start = *text == ' ' || *text == ',' || *text == extra_separator;
	}
	return false;
}

bool has_word(const char *text, const char *word)
{
	return find_word(text, word, ' ');
}

bool platform_has(const char *extension)
{
	return find_word(platform.isa, extension, '_');
}

static void cpu_or_memory_property(struct reader *reader, struct node *node, const struct property *property)
{
	bool under_cpus = reader->depth == 3 && string_equal(reader->stack[1].name, "cpus");

	if (string_equal(property->name, "device_type")) {
		node->is_cpu = under_cpus && string_equal((const char *)property->data, "cpu");
		node->is_memory = reader->depth == 2 && string_equal((const char *)property->data, "memory");
	} else if (string_equal(property->name, "reg") && under_cpus) {
		node->reg[0] = cells(property->data, reader->cpus_address_cells);
	} else if (string_equal(property->name, "reg") && reader->depth == 2 &&
		   property->size >= 4 * (reader->root_address_cells + reader->root_size_cells)) {
		node->reg[0] = cells(property->data, reader->root_address_cells);
		node->reg[1] = cells(property->data + 4 * reader->root_address_cells, reader->root_size_cells);
	} else if (string_equal(property->name, "status")) {
		node->disabled = !starts_with((const char *)property->data, "ok");
	} else if (string_equal(property->name, "riscv,isa")) {
		node->isa = (const char *)property->data;
	}
}

static void take_property(struct reader *reader, const struct property *property)
{
	struct node *node = &reader->stack[reader->depth - 1];
	bool cell = property->size >= 4;

	if (reader->depth == 1 && cell && string_equal(property->name, "#address-cells"))
		reader->root_address_cells = be32(property->data);
	else if (reader->depth == 1 && cell && string_equal(property->name, "#size-cells"))
		reader->root_size_cells = be32(property->data);
	else if (reader->depth == 2 && string_equal(node->name, "cpus") && cell &&
		 string_equal(property->name, "#address-cells"))
		reader->cpus_address_cells = be32(property->data);
	else if (cell && string_equal(property->name, "timebase-frequency"))
		platform.timebase = cells(property->data, property->size / 4);
	else if (reader->depth == 2 && string_equal(node->name, "chosen") &&
		 string_equal(property->name, "bootargs"))
		platform.bootargs = (const char *)property->data;
	else
		cpu_or_memory_property(reader, node, property);
}

static void end_node(struct reader *reader)
{
	const struct node *node = &reader->stack[--reader->depth];

	if (node->is_cpu && !node->disabled) {
		CHECK(platform.harts < MAX_HARTS && node->reg[0] < MAX_HARTS, "more harts than this guest can use");
		platform.hart_id[platform.harts++] = node->reg[0];
		if (node->isa != NULL)
			platform.isa = node->isa;
	}
	if (node->is_memory && platform.memory_size == 0) {
		platform.memory_base = node->reg[0];
		platform.memory_size = node->reg[1];
	}
}

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

static size_t string_size(const char *text)
{
	size_t size = 1;

	while (*text++ != '\0')
		size++;
	return size;
}

void platform_read(const void *device_tree)
{
	const uint8_t *blob = device_tree;
	const uint8_t *at, *strings;
	struct reader reader = { .root_address_cells = 2, .root_size_cells = 1, .cpus_address_cells = 1 };

	platform.bootargs = "";
	platform.isa = "";
	platform.device_tree = blob;
	platform.device_tree_size = be32(blob + 4);
	CHECK(((uintptr_t)blob & 7) == 0 && be32(blob) == FDT_MAGIC, "a1 is no device tree");
	at = blob + be32(blob + 8);
	strings = blob + be32(blob + 12);
	for (;;) {
		uint32_t token = be32(at);

		at += 4;
		if (token == FDT_BEGIN_NODE) {
			CHECK(reader.depth < MAX_DEPTH, "device tree too deep");
			reader.stack[reader.depth++] = (struct node){ .name = (const char *)at };
			at += padded(string_size((const char *)at));
		} else if (token == FDT_PROP) {
			struct property property = {
				(const char *)strings + be32(at + 4),
				at + 8,
				be32(at),
			};

			CHECK(reader.depth > 0, "device tree has a property outside every node");
			take_property(&reader, &property);
			at += 8 + padded(property.size);
		} else if (token == FDT_END_NODE) {
			CHECK(reader.depth > 0, "device tree ends a node it never began");
			end_node(&reader);
		} else if (token == FDT_END) {
			break;
		} else {
			CHECK(token == FDT_NOP, "device tree token %x", token);
		}
	}
	CHECK(platform.harts > 0, "device tree has no cpu");
	CHECK(platform.memory_size > 0, "device tree has no memory");
	CHECK(platform.timebase > 0, "device tree has no timebase-frequency");
}
