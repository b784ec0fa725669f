#include "machine/elf_symbols.h"

#include <elf.h>
#include <gelf.h>
#include <inttypes.h>
#include <string.h>
#include "base/say.h"
#include "machine/loader.h"

enum { NAME_LIMIT = 4096 };

/* A file whose symbols are being read. */
struct symbol_reader {
	const struct file *file;
	Elf *elf;
	size_t section_names; /* the section that holds them */
	bool relocatable;
	const struct symbol_place *place;
	struct symbols *symbols;
	unsigned module;
};

/* The section's header, and by how much it was moved. False: it is nowhere. */
static bool section_of(const struct symbol_reader *reader, const Elf64_Sym *entry, GElf_Shdr *header, uint64_t *moved)
{
	Elf_Scn *section = entry->st_shndx < SHN_LORESERVE ? elf_getscn(reader->elf, entry->st_shndx) : NULL;
	*header = (GElf_Shdr){0};
	*moved = 0;
	if (!section || !gelf_getshdr(section, header)) /* it is a number, and no place */
		return true;
	const struct section_place *place = section_place_of(
	    reader->place->sections, reader->place->section_count,
	    elf_strptr(reader->elf, reader->section_names, header->sh_name));
	*moved = place ? place->address - header->sh_addr : reader->place->offset;
	return place || !reader->relocatable;
}

static int add_elf_symbol(const struct symbol_reader *reader, const Elf64_Sym *entry, const char *name)
{
	unsigned type = ELF64_ST_TYPE(entry->st_info);
	GElf_Shdr section;
	uint64_t moved;
	/* '$x', '$d': the assembler's marks of code and data; '.L': its labels. They are not names of anything */
	if (name[0] == '\0' || name[0] == '$' || strncmp(name, ".L", 2) == 0 || entry->st_shndx == SHN_UNDEF)
		return 0;
	/* each of a broken table's names may be all the rest of the file: what is kept must not grow by its square */
	if (strnlen(name, NAME_LIMIT) == NAME_LIMIT)
		return 0;
	if (type != STT_NOTYPE && type != STT_FUNC && type != STT_OBJECT)
		return 0;
	if (!section_of(reader, entry, &section, &moved))
		return 0;
	/* a relocatable file has places in sections */
	struct symbol symbol = {
	    .address = entry->st_value + moved + (reader->relocatable ? section.sh_addr : 0),
	    .size = entry->st_size,
	    .limit = section.sh_size ? section.sh_addr + section.sh_size + moved : 0,
	    .name = name,
	    .module = reader->module,
	    .is_function = type == STT_FUNC,
	    .is_global = ELF64_ST_BIND(entry->st_info) != STB_LOCAL,
	};
	return symbols_add(reader->symbols, &symbol);
}

/* There is at most one table of all symbols in a file. Copied: libelf reads unaligned section headers in place. */
static bool find_table(Elf *elf, GElf_Shdr *header)
{
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;)
		if (gelf_getshdr(section, header) && header->sh_type == SHT_SYMTAB)
			return true;
	return false;
}

static int add_table(const struct symbol_reader *reader)
{
	const struct file *file = reader->file;
	GElf_Shdr header;
	if (!find_table(reader->elf, &header))
		return 0;
	if (header.sh_offset > file->size || header.sh_size > file->size - header.sh_offset)
		return say("%s: is truncated: its symbol table lies outside the file", file->path);
	/* unaligned tables would be read in place */
	const uint8_t *bytes = file->data + header.sh_offset;
	for (uint64_t at = 0; header.sh_size - at >= sizeof(Elf64_Sym); at += sizeof(Elf64_Sym)) {
		Elf64_Sym entry;
		memcpy(&entry, bytes + at, sizeof(entry));
		const char *name = elf_strptr(reader->elf, header.sh_link, entry.st_name);
		if (!name)
			return say("%s: symbol %" PRIu64 " has its name outside the string table", file->path,
			           at / sizeof(Elf64_Sym));
		if (add_elf_symbol(reader, &entry, name) != 0)
			return say("%s: out of memory for symbols", file->path);
	}
	return 0;
}

static bool has_section(const struct symbol_reader *reader, const char *name, uint64_t *address)
{
	GElf_Shdr header;
	for (Elf_Scn *section = NULL; (section = elf_nextscn(reader->elf, section)) != NULL;) {
		const char *other = gelf_getshdr(section, &header)
		                        ? elf_strptr(reader->elf, reader->section_names, header.sh_name)
		                        : NULL;
		if (other && strcmp(name, other) == 0) {
			*address = header.sh_addr;
			return true;
		}
	}
	return false;
}

/* Sections that a user has placed must be there; what ".text" says of all the rest is brought into `place`. */
static int check_places(const struct symbol_reader *reader, struct symbol_place *place)
{
	uint64_t address;
	for (size_t i = 0; i < place->section_count; i++)
		if (!has_section(reader, place->sections[i].name, &address))
			return say("%s: has no section %s", reader->file->path, place->sections[i].name);
	if (reader->relocatable && place->section_count == 0)
		return say("%s: is relocatable: where its .text was loaded has to be said", reader->file->path);
	if (place->whole && !reader->relocatable && has_section(reader, place->sections[0].name, &address))
		place->offset += place->sections[0].address - address;
	return 0;
}

static int read_elf(const struct file *file, struct symbols *symbols, unsigned module, struct symbol_place *place)
{
	GElf_Ehdr header;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return say("%s: libelf is too old: %s", file->path, elf_errmsg(-1));
	Elf *elf = elf_memory((char *)file->data, file->size);
	if (!elf)
		return say("%s: %s", file->path, elf_errmsg(-1));
	struct symbol_reader reader = {
	    .file = file,
	    .elf = elf,
	    .relocatable = gelf_getehdr(elf, &header) && header.e_type == ET_REL,
	    .place = place,
	    .symbols = symbols,
	    .module = module,
	};
	if (elf_getshdrstrndx(elf, &reader.section_names) != 0)
		reader.section_names = 0;
	int result = place->section_count || reader.relocatable ? check_places(&reader, place) : 0;
	if (result == 0)
		result = add_table(&reader);
	elf_end(elf);
	return result;
}

int elf_symbols(const struct file *file, struct symbols *symbols, unsigned module)
{
	return file_is_elf(file) ? read_elf(file, symbols, module, &(struct symbol_place){0}) : 0;
}

int elf_symbols_at(const struct file *file, struct symbols *symbols, unsigned module, struct symbol_place *place)
{
	return elf_check_sections(file) == 0 ? read_elf(file, symbols, module, place) : -1;
}
