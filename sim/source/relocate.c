#include "source/relocate.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

struct relocated {
	uint8_t *image; /* a copy: relocation writes into it */
	size_t size;
	const struct section_place *sections;
	size_t section_count;
	Dwfl *dwfl;
	Elf *elf;
	Dwarf *dwarf;
};

static int find_file(Dwfl_Module *module __attribute__((unused)), void **userdata,
                     const char *name __attribute__((unused)), Dwarf_Addr base __attribute__((unused)),
                     char **path __attribute__((unused)), Elf **elf)
{
	struct relocated *relocated = *userdata;
	relocated->elf = elf_memory((char *)relocated->image, relocated->size);
	*elf = relocated->elf; /* whose end is the module's end now */
	return -1; /* there is no descriptor */
}

static int find_no_debuginfo(Dwfl_Module *module __attribute__((unused)), void **userdata __attribute__((unused)),
                             const char *name __attribute__((unused)), Dwarf_Addr base __attribute__((unused)),
                             const char *path __attribute__((unused)), const char *link __attribute__((unused)),
                             GElf_Word crc __attribute__((unused)), char **found __attribute__((unused)))
{
	return -1;
}

/* -1: it was not loaded. */
static int find_section(Dwfl_Module *module __attribute__((unused)), void **userdata,
                        const char *name __attribute__((unused)), Dwarf_Addr base __attribute__((unused)),
                        const char *section, GElf_Word index __attribute__((unused)),
                        const GElf_Shdr *header __attribute__((unused)), Dwarf_Addr *address)
{
	const struct relocated *relocated = *userdata;
	const struct section_place *place = section_place_of(relocated->sections, relocated->section_count, section);
	*address = place ? place->address : (Dwarf_Addr)-1;
	return DWARF_CB_OK;
}

/* One module that takes all of memory, so that no address is beside it. */
static Dwfl_Module *report_module(struct relocated *relocated)
{
	static const Dwfl_Callbacks callbacks = {
	    .find_elf = find_file, .find_debuginfo = find_no_debuginfo, .section_address = find_section};
	relocated->dwfl = dwfl_begin(&callbacks);
	Dwfl_Module *module = relocated->dwfl ? dwfl_report_module(relocated->dwfl, "module", 0, UINT64_MAX) : NULL;
	void **userdata;
	if (!module || !dwfl_module_info(module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL))
		return NULL;
	*userdata = relocated;
	return dwfl_report_end(relocated->dwfl, NULL, NULL) == 0 ? module : NULL;
}

struct relocated *relocate_open(const uint8_t *image, size_t size, const struct section_place *sections,
                                size_t section_count)
{
	struct relocated *relocated = calloc(1, sizeof *relocated);
	GElf_Addr bias;
	if (!relocated)
		return NULL;
	*relocated = (struct relocated){
	    .image = malloc(size), .size = size, .sections = sections, .section_count = section_count};
	if (!relocated->image)
		goto fail;
	memcpy(relocated->image, image, size);
	Dwfl_Module *module = report_module(relocated);
	if (!module || !dwfl_module_getelf(module, &bias))
		goto fail;
	relocated->dwarf = dwfl_module_getdwarf(module, &bias);
	return relocated;
fail:
	relocate_close(relocated);
	return NULL;
}

void relocate_close(struct relocated *relocated)
{
	if (!relocated)
		return;
	dwfl_end(relocated->dwfl);
	free(relocated->image);
	free(relocated);
}

Elf *relocated_elf(const struct relocated *relocated) { return relocated->elf; }
Dwarf *relocated_dwarf(const struct relocated *relocated) { return relocated->dwarf; }
