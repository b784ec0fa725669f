/* What the client is told of harts and memory: target.xml, the memory map. */
#include <inttypes.h>
#include <string.h>
#include "base/device.h"
#include "csr/csr.h"
#include "debug/gdb/gdb_stub.h"
#include "isa/insn.h"

static void write_general(FILE *out)
{
	fputs("<feature name=\"org.gnu.gdb.riscv.cpu\">\n", out);
	for (unsigned i = 0; i < 32; i++)
		fprintf(out, "<reg name=\"%s\" bitsize=\"64\" regnum=\"%u\" type=\"%s\" group=\"general\"/>\n",
		        reg_name(i), i,
		        i == 1                                 ? "code_ptr"
		        : i == 2 || i == 3 || i == 4 || i == 8 ? "data_ptr"
		                                               : "int");
	fprintf(out,
	        "<reg name=\"pc\" bitsize=\"64\" regnum=\"%u\" type=\"code_ptr\" group=\"general\"/>\n</feature>\n",
	        GDB_REG_PC);
}

static void write_float(const struct hart *hart, FILE *out)
{
	bool has_double = isa_has(&hart->isa, EXT_D);
	fputs("<feature name=\"org.gnu.gdb.riscv.fpu\">\n", out);
	fputs("<union id=\"riscv_double\"><field name=\"float\" type=\"ieee_single\"/>"
	      "<field name=\"double\" type=\"ieee_double\"/></union>\n",
	      out);
	for (unsigned i = 0; i < 32; i++)
		fprintf(out, "<reg name=\"%s\" bitsize=\"64\" regnum=\"%u\" type=\"%s\" group=\"float\"/>\n",
		        freg_name(i), GDB_REG_F + i, has_double ? "riscv_double" : "uint64");
	fputs("</feature>\n", out);
}

/* A type that shows the register's fields by their names, as they are here: a client's own may be an old draft's. */
static void write_fields(const struct csr_info *info, FILE *out)
{
	fprintf(out, "<flags id=\"%s_fields\" size=\"8\">", info->name);
	for (unsigned i = 0; i < info->field_count; i++) {
		const struct csr_field *field = &info->fields[i];
		fprintf(out, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>", field->name, field->low,
		        field->low + field->width - 1u);
	}
	fputs("</flags>\n", out);
}

static bool holds_code_address(const struct csr_info *info)
{
	size_t length = strlen(info->name);
	return length > 3 && strcmp(info->name + length - 3, "epc") == 0;
}

static void write_csr_row(const struct csr_info *info, FILE *out)
{
	const char *plain = holds_code_address(info) ? "code_ptr" : "uint64";
	if (info->field_count)
		write_fields(info, out);
	fprintf(out, "<reg name=\"%s\" bitsize=\"64\" regnum=\"%u\" type=\"%s%s\" group=\"csr\"/>\n", info->name,
	        GDB_REG_CSR + info->num, info->field_count ? info->name : plain, info->field_count ? "_fields" : "");
}

/* Those that the hart has. What GDB knows as mstatus of its own feature it shows by an old draft's fields, whatever type
 * is said: so that one is of another feature. */
static void write_csrs(const struct hart *hart, FILE *out)
{
	const struct csr_info *info;
	uint64_t value;
	fputs("<feature name=\"org.gnu.gdb.riscv.csr\">\n", out);
	for (size_t i = 0; (info = csr_info_at(i)) != NULL; i++)
		if (csr_peek(hart, info->num, &value) && info->num != CSR_mstatus)
			write_csr_row(info, out);
	fputs("</feature>\n<feature name=\"rvsim.mstatus\">\n", out);
	write_csr_row(csr_info(CSR_mstatus), out);
	fputs("</feature>\n", out);
}

void gdb_write_target(struct gdb *gdb, FILE *out)
{
	const struct hart *hart = &gdb->machine->harts[0];
	gdb->described = true;
	fputs("<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n"
	      "<architecture>riscv:rv64</architecture>\n",
	      out);
	write_general(out);
	if (isa_has(&hart->isa, EXT_F))
		write_float(hart, out);
	write_csrs(hart, out);
	fprintf(out,
	        "<feature name=\"org.gnu.gdb.riscv.virtual\">\n"
	        "<reg name=\"priv\" bitsize=\"64\" regnum=\"%u\" type=\"int\"/>\n"
	        "<reg name=\"virt\" bitsize=\"64\" regnum=\"%u\" type=\"int\"/>\n</feature>\n</target>\n",
	        GDB_REG_PRIV, GDB_REG_VIRT);
}

/* ---- memory map ---- */

/* [from, to): what lies between things is memory to the client, for addresses may be virtual ones. */
static void write_region(FILE *out, const char *type, uint64_t from, uint64_t to)
{
	if (from != to)
		fprintf(out, "<memory type=\"%s\" start=\"0x%" PRIx64 "\" length=\"0x%" PRIx64 "\"/>\n", type, from,
		        to - from);
}

/* The first range at or above `from`; NULL: none. */
static const struct bus_range *range_from(const struct bus *bus, uint64_t from)
{
	for (size_t i = 0; i < bus->range_count; i++)
		if (bus->ranges[i].base >= from)
			return &bus->ranges[i];
	return NULL;
}

void gdb_write_memory_map(struct gdb *gdb, FILE *out)
{
	const struct bus *bus = &gdb->machine->bus;
	uint64_t at = 0;
	fputs("<?xml version=\"1.0\"?>\n<!DOCTYPE memory-map PUBLIC \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\" "
	      "\"http://sourceware.org/gdb/gdb-memory-map.dtd\">\n<memory-map>\n",
	      out);
	for (const struct bus_range *range; (range = range_from(bus, at)) != NULL && range->base < bus->dram_base;) {
		bool rom = strcmp(range->device->name, "rom") == 0;
		write_region(out, "ram", at, range->base);
		write_region(out, rom ? "rom" : "ram", range->base, range->base + range->size);
		at = range->base + range->size;
	}
	write_region(out, "ram", at, bus->dram_base);
	write_region(out, "ram", bus->dram_base, bus->dram_base + bus->dram_size);
	write_region(out, "ram", bus->dram_base + bus->dram_size, 0);
	fputs("</memory-map>\n", out);
}
