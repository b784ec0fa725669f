#include "dev/tree.h"

#include <assert.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>

enum { HARTS_MAX = 64 };

static void note_error(struct tree_writer *writer, int error)
{
	if (writer->error == 0)
		writer->error = error;
}

void tree_begin(struct tree_writer *writer, const char *name)
{
	note_error(writer, fdt_begin_node(writer->tree, name));
}
void tree_end(struct tree_writer *writer) { note_error(writer, fdt_end_node(writer->tree)); }

void tree_string(struct tree_writer *writer, const char *name, const char *value)
{
	note_error(writer, fdt_property_string(writer->tree, name, value));
}

void tree_u32(struct tree_writer *writer, const char *name, uint32_t value)
{
	note_error(writer, fdt_property_u32(writer->tree, name, value));
}

void tree_bytes(struct tree_writer *writer, const char *name, const void *bytes, size_t size)
{
	note_error(writer, fdt_property(writer->tree, name, bytes, (int)size));
}

void tree_cells(struct tree_writer *writer, uint32_t address_cells, uint32_t size_cells)
{
	tree_u32(writer, "#address-cells", address_cells);
	tree_u32(writer, "#size-cells", size_cells);
}

static void begin_with(struct tree_writer *writer, const char *name, uint64_t base, const fdt64_t *reg, size_t size)
{
	char text[64];
	snprintf(text, sizeof(text), "%s@%" PRIx64, name, base);
	tree_begin(writer, text);
	tree_bytes(writer, "reg", reg, size);
}

void tree_begin_at(struct tree_writer *writer, const char *name, uint64_t base, uint64_t size)
{
	fdt64_t reg[2] = {cpu_to_fdt64(base), cpu_to_fdt64(size)};
	begin_with(writer, name, base, reg, sizeof(reg));
}

void tree_begin_pair(struct tree_writer *writer, const char *name, uint64_t base, uint64_t second, uint64_t size)
{
	fdt64_t reg[4] = {cpu_to_fdt64(base), cpu_to_fdt64(size), cpu_to_fdt64(second), cpu_to_fdt64(size)};
	begin_with(writer, name, base, reg, sizeof(reg));
}

void tree_interrupt(struct tree_writer *writer, uint32_t source)
{
	tree_u32(writer, "interrupts", source);
	tree_u32(writer, "interrupt-parent", interrupts_phandle(writer));
}

void tree_hart_interrupts(struct tree_writer *writer, uint32_t first, uint32_t second)
{
	fdt32_t cells[HARTS_MAX * 4];
	assert(writer->hart_count <= HARTS_MAX);
	for (unsigned hart = 0; hart < writer->hart_count; hart++) {
		cells[4 * (size_t)hart] = cells[4 * (size_t)hart + 2] = cpu_to_fdt32(intc_phandle(writer, hart));
		cells[4 * hart + 1] = cpu_to_fdt32(first);
		cells[4 * hart + 3] = cpu_to_fdt32(second);
	}
	tree_bytes(writer, "interrupts-extended", cells, (size_t)writer->hart_count * 4 * sizeof(cells[0]));
}
