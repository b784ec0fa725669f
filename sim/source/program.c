#include "source/program.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "source/relocate.h"

bool die_next(Dwarf_Die *die)
{
	Dwarf_Die next;
	if (dwarf_siblingof(die, &next) != 0 || next.cu != die->cu || (uintptr_t)next.addr <= (uintptr_t)die->addr)
		return false;
	*die = next;
	return true;
}

bool die_child(const Dwarf_Die *die, Dwarf_Die *child)
{
	Dwarf_Die parent = *die;
	return dwarf_child(&parent, child) == 0 && (uintptr_t)child->addr > (uintptr_t)parent.addr;
}

/* An attribute of an entry or of what it completes. dwarf_attr_integrate would follow a circle of references. */
static Dwarf_Attribute *integrated(Dwarf_Die *die, unsigned name, Dwarf_Attribute *attribute)
{
	Dwarf_Die at = *die, next;
	for (unsigned depth = 0; depth < 8; depth++) {
		if (dwarf_attr(&at, name, attribute))
			return attribute;
		Dwarf_Attribute link;
		if (!dwarf_attr(&at, DW_AT_abstract_origin, &link) && !dwarf_attr(&at, DW_AT_specification, &link))
			return NULL;
		if (!dwarf_formref_die(&link, &next))
			return NULL;
		at = next;
	}
	return NULL;
}

bool die_unsigned(Dwarf_Die *die, unsigned name, uint64_t *value)
{
	Dwarf_Attribute attribute;
	return integrated(die, name, &attribute) && dwarf_formudata(&attribute, value) == 0;
}

bool die_signed(Dwarf_Die *die, unsigned name, int64_t *value)
{
	Dwarf_Attribute attribute;
	return integrated(die, name, &attribute) && dwarf_formsdata(&attribute, value) == 0;
}

bool die_flag(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	bool flag = false;
	return integrated(die, name, &attribute) && dwarf_formflag(&attribute, &flag) == 0 && flag;
}

bool die_reference(Dwarf_Die *die, unsigned name, Dwarf_Die *target)
{
	Dwarf_Attribute attribute;
	return integrated(die, name, &attribute) && dwarf_formref_die(&attribute, target) != NULL;
}

const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	return integrated(die, DW_AT_name, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

bool die_holds(Dwarf_Die *die, uint64_t linked) { return dwarf_haspc(die, linked) > 0; }

bool die_entry(Dwarf_Die *die, uint64_t *linked)
{
	Dwarf_Addr base, low, high;
	if (dwarf_entrypc(die, linked) == 0)
		return true;
	return dwarf_ranges(die, 0, &base, &low, &high) > 0 && (*linked = low, true);
}

int die_language(const Dwarf_Die *die)
{
	Dwarf_Die unit;
	if (!dwarf_cu_die(die->cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL))
		return 0;
	int language = dwarf_srclang(&unit);
	return language < 0 ? 0 : language;
}

bool die_is_rust(const Dwarf_Die *die) { return die_language(die) == DW_LANG_Rust; }

bool die_is_cplusplus(const Dwarf_Die *die)
{
	int language = die_language(die);
	return language == DW_LANG_C_plus_plus || language == DW_LANG_C_plus_plus_03 ||
	       language == DW_LANG_C_plus_plus_11 || language == DW_LANG_C_plus_plus_14;
}

static bool loaded(const struct program *program, uint64_t linked)
{
	for (size_t i = 0; i < program->segment_count; i++)
		if (linked - program->segments[i].low < program->segments[i].high - program->segments[i].low)
			return true;
	return false;
}

bool program_bytes(const struct program *program, uint64_t address, void *bytes, size_t size)
{
	size_t count, file_size, offset = 0;
	const char *file = elf_rawfile(program->elf, &file_size);
	uint64_t linked = address - program->bias;
	if (!file || elf_getphdrnum(program->elf, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;
		if (!gelf_getphdr(program->elf, (int)i, &header) || header.p_type != PT_LOAD ||
		    linked < header.p_vaddr || linked - header.p_vaddr > header.p_filesz ||
		    header.p_filesz - (linked - header.p_vaddr) < size)
			continue;
		if (__builtin_add_overflow(header.p_offset, linked - header.p_vaddr, &offset) || offset > file_size ||
		    file_size - offset < size)
			return false;
		memcpy(bytes, file + offset, size);
		return true;
	}
	return false;
}

bool program_holds(const struct program *program, uint64_t address) { return loaded(program, address - program->bias); }

static bool add_range(struct address_range **ranges, size_t *count, size_t *capacity, uint64_t low, uint64_t high)
{
	if (high <= low)
		return true;
	if (ARRAY_RESERVE(*ranges, *count, 1, capacity) != 0)
		return false;
	(*ranges)[(*count)++] = (struct address_range){low, high};
	return true;
}

static bool read_program_segments(struct program *program)
{
	size_t count = 0, capacity = 0;
	if (elf_getphdrnum(program->elf, &count) != 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;
		if (!gelf_getphdr(program->elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		uint64_t end = header.p_vaddr + header.p_memsz;
		if (!add_range(&program->segments, &program->segment_count, &capacity, header.p_vaddr, end))
			return false;
	}
	return true;
}

/* What the linker dropped is left behind at an address where nothing is loaded: 0 or all ones. */
static bool read_ranges(const struct program *program, Dwarf_Die *die, struct address_range **ranges, size_t *count)
{
	enum { RANGES_MAX = 1 << 20 };
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	size_t capacity = 0;
	for (unsigned i = 0; i < RANGES_MAX && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0; i++)
		if (loaded(program, low) && !add_range(ranges, count, &capacity, low, high))
			return false;
	return true;
}

static bool read_units(struct program *program)
{
	Dwarf_CU *cu = NULL;
	size_t capacity = 0;
	struct unit unit = {0};
	Dwarf_Die half;
	uint8_t type;
	while (dwarf_get_units(program->dwarf, cu, &cu, NULL, &type, &unit.skeleton, &half) == 0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton && type != DW_UT_partial)
			continue;
		unit.die = type == DW_UT_skeleton && half.addr ? half : unit.skeleton;
		unit.ranges = NULL;
		unit.range_count = 0;
		if (ARRAY_RESERVE(program->units, program->unit_count, 1, &capacity) != 0 ||
		    !read_ranges(program, &unit.skeleton, &unit.ranges, &unit.range_count)) {
			free(unit.ranges);
			return false;
		}
		program->units[program->unit_count++] = unit;
	}
	return true;
}

/* Of a relocatable file: its sections that are somewhere. */
static bool read_placed_sections(struct program *program, const struct program_place *place)
{
	size_t names, capacity = 0;
	GElf_Shdr header;
	if (elf_getshdrstrndx(program->elf, &names) != 0)
		return true;
	for (Elf_Scn *section = NULL; (section = elf_nextscn(program->elf, section)) != NULL;) {
		const struct section_place *placed = gelf_getshdr(section, &header)
		                                         ? section_place_of(
							       place->sections, place->section_count,
							       elf_strptr(program->elf, names, header.sh_name))
		                                         : NULL;
		if (placed && !add_range(&program->segments, &program->segment_count, &capacity, placed->address,
		                         placed->address + header.sh_size))
			return false;
	}
	return true;
}

static bool open_relocatable(struct program *program, const uint8_t *image, size_t size,
                             const struct program_place *place)
{
	elf_end(program->elf);
	program->elf = NULL;
	program->relocated = relocate_open(image, size, place->sections, place->section_count);
	if (!program->relocated)
		return false;
	program->elf = relocated_elf(program->relocated);
	program->dwarf = relocated_dwarf(program->relocated);
	return read_placed_sections(program, place);
}

static bool open_linked(struct program *program, const struct program_place *place)
{
	program->bias = place->bias;
	program->dwarf = dwarf_begin_elf(program->elf, DWARF_C_READ, NULL);
	return read_program_segments(program);
}

struct program *program_open(const char *name, uint8_t *image, size_t size, const struct program_place *place)
{
	struct program *program = calloc(1, sizeof *program);
	GElf_Ehdr header;
	if (!program || elf_version(EV_CURRENT) == EV_NONE)
		goto fail;
	program->name = name;
	program->elf = elf_memory((char *)image, size);
	if (!program->elf || elf_kind(program->elf) != ELF_K_ELF || gelf_getclass(program->elf) != ELFCLASS64 ||
	    !gelf_getehdr(program->elf, &header))
		goto fail;
	if (header.e_type == ET_REL ? !open_relocatable(program, image, size, place) : !open_linked(program, place))
		goto fail;
	if (program->dwarf) {
		program->debug_frame = dwarf_getcfi(program->dwarf);
		if (!read_units(program))
			goto fail;
	}
	program->eh_frame = program->relocated ? NULL : dwarf_getcfi_elf(program->elf);
	return program;
fail:
	program_free(program);
	return NULL;
}

void program_free(struct program *program)
{
	if (!program)
		return;
	for (size_t i = 0; i < program->unit_count; i++) {
		free(program->units[i].ranges);
		free(program->units[i].functions);
	}
	free(program->units);
	free(program->segments);
	free(program->names.in_order);
	free(program->names.by_text);
	if (program->eh_frame)
		dwarf_cfi_end(program->eh_frame);
	if (program->relocated) {
		relocate_close(program->relocated);
	} else {
		dwarf_end(program->dwarf);
		elf_end(program->elf);
	}
	free(program);
}

const char *program_missing_half(const struct program *program, uint64_t address)
{
	struct unit *unit = program_unit_at(program, address);
	Dwarf_Attribute attribute;
	if (!unit || unit->die.addr != unit->skeleton.addr)
		return NULL;
	return dwarf_attr(&unit->skeleton, DW_AT_dwo_name, &attribute) ||
	               dwarf_attr(&unit->skeleton, DW_AT_GNU_dwo_name, &attribute)
	           ? dwarf_formstring(&attribute)
	           : NULL;
}

struct unit *program_unit_at(const struct program *program, uint64_t address)
{
	uint64_t linked = address - program->bias;
	for (size_t i = 0; i < program->unit_count; i++)
		for (size_t k = 0; k < program->units[i].range_count; k++)
			if (linked - program->units[i].ranges[k].low <
			    program->units[i].ranges[k].high - program->units[i].ranges[k].low)
				return &program->units[i];
	return NULL;
}
