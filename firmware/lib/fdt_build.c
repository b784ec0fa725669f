#include "lib/fdt_build.h"

#include "lib/bits.h"
#include "lib/fdt_format.h"
#include "lib/format.h"
#include "lib/string.h"

#define RESERVATIONS_SIZE 16 /* only the terminating entry */
#define STRUCTURE_OFFSET (FDT_HEADER_SIZE + RESERVATIONS_SIZE)

static void append_bytes(struct fdt_builder *builder, const void *data, uint32_t size)
{
	uint32_t padded = (uint32_t)align_up(size, 4);

	if (builder->overflow || !range_within(builder->length, padded, builder->size)) {
		builder->overflow = true;
		return;
	}
	memset(builder->blob + builder->length, 0, padded);
	memcpy(builder->blob + builder->length, data, size);
	builder->length += padded;
}

static void append_cell(struct fdt_builder *builder, uint32_t value)
{
	const uint8_t cell[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

	append_bytes(builder, cell, sizeof cell);
}

void fdt_build_start(struct fdt_builder *builder, void *buffer, uint32_t size)
{
	*builder = (struct fdt_builder){.blob = buffer, .size = size, .length = STRUCTURE_OFFSET};
	builder->overflow = size < STRUCTURE_OFFSET;
	if (!builder->overflow)
		memset(buffer, 0, STRUCTURE_OFFSET);
}

void fdt_build_node(struct fdt_builder *builder, const char *name, ...)
{
	char text[64];
	va_list arguments;

	va_start(arguments, name);
	size_t length = vformat(text, sizeof text, name, arguments);
	va_end(arguments);
	append_cell(builder, FDT_BEGIN_NODE);
	append_bytes(builder, text, (uint32_t)length + 1);
}

void fdt_build_end_node(struct fdt_builder *builder) { append_cell(builder, FDT_END_NODE); }

/* Offset of name in the string block, where each is kept once. */
static uint32_t intern_name(struct fdt_builder *builder, const char *name)
{
	uint32_t size = (uint32_t)strlen(name) + 1, offset = 0;

	for (; offset < builder->strings_length; offset += (uint32_t)strlen(builder->strings + offset) + 1)
		if (strcmp(builder->strings + offset, name) == 0)
			return offset;
	if (!range_within(offset, size, sizeof builder->strings)) {
		builder->overflow = true;
		return 0;
	}
	memcpy(builder->strings + offset, name, size);
	builder->strings_length += size;
	return offset;
}

void fdt_build_bytes(struct fdt_builder *builder, const char *name, const void *data, uint32_t size)
{
	append_cell(builder, FDT_PROPERTY);
	append_cell(builder, size);
	append_cell(builder, intern_name(builder, name));
	append_bytes(builder, data, size);
}

void fdt_build_empty(struct fdt_builder *builder, const char *name) { fdt_build_bytes(builder, name, "", 0); }

void fdt_build_string(struct fdt_builder *builder, const char *name, const char *text)
{
	fdt_build_bytes(builder, name, text, (uint32_t)strlen(text) + 1);
}

void fdt_build_u32(struct fdt_builder *builder, const char *name, uint32_t value)
{
	fdt_build_cells(builder, name, &value, 1);
}

void fdt_build_u64(struct fdt_builder *builder, const char *name, uint64_t value)
{
	fdt_build_cells(builder, name, (const uint32_t[]){(uint32_t)(value >> 32), (uint32_t)value}, 2);
}

void fdt_build_cells(struct fdt_builder *builder, const char *name, const uint32_t *cells, uint32_t count)
{
	append_cell(builder, FDT_PROPERTY);
	append_cell(builder, 4 * count);
	append_cell(builder, intern_name(builder, name));
	while (count--)
		append_cell(builder, *cells++);
}

void fdt_build_reg(struct fdt_builder *builder, uint64_t address, uint64_t size)
{
	const uint32_t cells[] = {(uint32_t)(address >> 32), (uint32_t)address, (uint32_t)(size >> 32), (uint32_t)size};

	fdt_build_cells(builder, "reg", cells, 4);
}

uint32_t fdt_build_finish(struct fdt_builder *builder)
{
	uint32_t strings, total;

	append_cell(builder, FDT_END);
	strings = builder->length;
	append_bytes(builder, builder->strings, builder->strings_length);
	if (builder->overflow)
		return 0;
	total = builder->length;

	builder->length = 0;
	const uint32_t header[] = {FDT_MAGIC,
	                           total,
	                           STRUCTURE_OFFSET,
	                           strings,
	                           FDT_HEADER_SIZE,
	                           FDT_VERSION,
	                           FDT_COMPATIBLE_VERSION,
	                           0,
	                           builder->strings_length,
	                           strings - STRUCTURE_OFFSET};
	for (uint32_t i = 0; i < sizeof header / sizeof header[0]; i++)
		append_cell(builder, header[i]);
	return total;
}
