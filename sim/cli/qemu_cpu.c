/* -cpu with QEMU's names: which extensions, and the few properties that are something else. */
#include <stdio.h>
#include <string.h>
#include "cli/qemu.h"
#include "cli/values.h"
#include "machine/params.h"

/* Extensions of QEMU's CPUs that are not here: each may be taken away. */
static const char absent[] =
    " e g j v smaia ssaia zfinx zdinx zhinx zhinxmin zcf zce zcmp zcmt zks zksed zksh ztso zicfiss zve32f zve32x zve64d zve64f "
    "zve64x zvbb zvbc zvfbfmin zvfbfwma zvfh zvfhmin zvkb zvkg zvkned zvknha zvknhb zvksed zvksh zfbfmin svvptc sxl32 "
    "xtheadba xtheadbb xtheadbs xtheadcmo xtheadcondmov xtheadfmemidx xtheadfmv xtheadmac xtheadmemidx xtheadmempair "
    "xtheadsync xventanacondops ";

static bool is_absent(const char *name)
{
	char word[64];
	return (size_t)snprintf(word, sizeof(word), " %s ", name) < sizeof(word) && strstr(absent, word) != NULL;
}

static bool is_true(const char *setting)
{
	return !setting || strcmp(setting, "true") == 0 || strcmp(setting, "on") == 0 || strcmp(setting, "yes") == 0;
}

static bool is_false(const char *setting)
{
	return setting && (strcmp(setting, "false") == 0 || strcmp(setting, "off") == 0 || strcmp(setting, "no") == 0);
}

/* Properties that may be said because that is how it is. */
static const struct {
	const char *name, *settings, *why;
} fixed[] = {
    {"priv_spec", " v1.12.0 v1.13.0 ", "version 1.13 of the privileged architecture is here"},
    {"vext_spec", " v1.0 ", "there is no vector extension"},
    {"vlen", NULL, NULL},
    {"elen", NULL, NULL},
    {"short-isa-string", NULL, NULL},
    {"cbom_blocksize", " 64 ", "cache blocks are of 64 bytes"},
    {"cbop_blocksize", " 64 ", "cache blocks are of 64 bytes"},
    {"cboz_blocksize", " 64 ", "cache blocks are of 64 bytes"},
    {"resetvec", " 4096 0x1000 ",
     "harts start in the boot ROM (-device loader,addr=ADDRESS,cpu-num=HART starts one elsewhere)"},
    {"mvendorid", " 0 0x0 ", "it reads 0"},
    {"marchid", " 0 0x0 ", "it reads 0"},
    {"mimpid", " 0 0x0 ", "it reads 0"},
};

/* 1: it is one of these. 0: it is none. -1 after a line. */
static int check_fixed(const char *name, const char *setting)
{
	char word[64];
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(fixed[i].name, name) != 0)
			continue;
		if (!setting ||
		    (fixed[i].settings && ((size_t)snprintf(word, sizeof(word), " %s ", setting) >= sizeof(word) ||
		                           !strstr(fixed[i].settings, word))))
			return bad("-cpu: %s=%s is not supported: %s", name, setting ? setting : "",
			           fixed[i].why ? fixed[i].why : "it needs a value");
		return 1;
	}
	return 0;
}

/* What rvsim says by --set. As check_fixed. */
static int set_parameter(struct config *config, const char *name, const char *setting)
{
	char assignment[64];
	if (strcmp(name, "pmu-num") == 0) {
		snprintf(assignment, sizeof(assignment), "counters.hpm=%s", setting ? setting : "");
		return params_set(config, assignment) == 0 ? 1 : -1;
	}
	if (strcmp(name, "pmp") == 0 && is_false(setting)) {
		config->options.pmp_entries = 0;
		return 1;
	}
	return strcmp(name, "pmp") == 0 && is_true(setting);
}

static int toggle(struct isa *isa, const char *name, bool on)
{
	static const struct {
		const char *theirs, *ours;
	} names[] = {{"mmu", "sv39"}, {"counters", "zicntr"}, {"Counters", "zicntr"}, {"debug", "sdtrig"}};
	char reason[224];
	if (strncmp(name, "x-", 2) == 0)
		name += 2; /* what was experimental */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].theirs, name) == 0)
			name = names[i].ours;
	if (is_absent(name))
		return on ? bad("-cpu: %s=on is not supported: this core does not have it (%s=off)", name, name) : 0;
	return isa_change(isa, name, on, reason, sizeof(reason)) == 0 ? 0 : bad("-cpu: %s", reason);
}

static int set_one(struct config *config, const char *name, const char *setting)
{
	int done = check_fixed(name, setting);
	if (done == 0)
		done = set_parameter(config, name, setting);
	if (done != 0)
		return done < 0 ? -1 : 0;
	if (!is_true(setting) && !is_false(setting))
		return bad("-cpu: %s=%s: must be true or false", name, setting);
	return toggle(&config->isa, name, is_true(setting));
}

/* QEMU's models of cores and of others' extensions. */
static const char other_cpus[] =
    "base|host|rv64e|rv32|sifive-e51|sifive-u54|shakti-c|thead-c906|veyron-v1|tt-ascalon|xiangshan-nanhu|"
    "x-rv128";

/* The set that the CPU's name begins with. 1, or 0 if it is none of QEMU's; -1 after a line. */
static int begin_set(struct config *config, const char *name)
{
	char reason[224];
	if (strcmp(name, "rv64") == 0 || strcmp(name, "any") == 0)
		return 1;
	if (strcmp(name, "max") == 0) {
		config->isa = isa_all();
		return 1;
	}
	if (is_one_of(name, other_cpus))
		return bad(
		    "-cpu %s is not supported: rv64, max, rv64i or a profile such as rva22s64 is the ISA, --cpu cva6, rocket or "
		    "u74 the timing",
		    name);
	if (strcmp(name, "rv64i") != 0 && strncmp(name, "rva", 3) != 0 && strncmp(name, "rvb", 3) != 0)
		return 0;
	return isa_parse(name, &config->isa, reason, sizeof(reason)) == 0 ? 1 : bad("-cpu %s: %s", name, reason);
}

bool qemu_cpu(struct options *options, const char *value, int *result)
{
	char *list = keep_text(options, value);
	const char *name = next_item(&list);
	int begun = begin_set(&options->config, name);
	*result = begun < 0 ? -1 : 0;
	for (char *item; begun > 0 && *result == 0 && (item = next_item(&list)) != NULL;) {
		char *setting = cut_value(item);
		*result = set_one(&options->config, item, setting);
	}
	return begun != 0;
}
