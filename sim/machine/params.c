#include "machine/params.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "machine/machine.h"
#include "base/say.h"

enum kind { KIND_U64, KIND_UNSIGNED, KIND_BOOL, KIND_WORD };

enum { WORDS_MAX = 4 };

/* Numbers have a range. The others name their values from 0 on: words[0] is false, words[1] true; an unsigned where there
 * are more. */
struct param {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct config */
	uint64_t value, low, high;
	const char *words[WORDS_MAX];
	const char *meaning;
};

#define CONFIG(field) offsetof(struct config, field)
#define OPTION(field) CONFIG(options.field)
#define ENGINE(field) CONFIG(engine.field)

static const struct param params[] = {
    {"machine.cycles_per_tick",
     KIND_U64,
     CONFIG(cycles_per_tick),
     10,
     1,
     1000000,
     {0},
     "core cycles in a tick of mtime, which runs at 10 MHz: 10 is a core clock of 100 MHz"},
    {"rtc.epoch",
     KIND_U64,
     CONFIG(rtc_epoch),
     1767225600,
     0,
     RTC_EPOCH_MAX,
     {0},
     "what the RTC shows at cycle 0, in seconds since 1970"},
    {"pmp.entries", KIND_UNSIGNED, OPTION(pmp_entries), 16, 0, 64, {0}, "PMP entries of a hart: 0, 16 or 64"},
    {"asid.bits", KIND_UNSIGNED, OPTION(asid_bits), 16, 0, 16, {0}, "implemented bits of satp.ASID and vsatp.ASID"},
    {"vmid.bits", KIND_UNSIGNED, OPTION(vmid_bits), 14, 0, 14, {0}, "implemented bits of hgatp.VMID"},
    {"geilen",
     KIND_UNSIGNED,
     OPTION(geilen),
     0,
     0,
     63,
     {0},
     "guest external interrupts of a hart; a word a hart at 0x103000 drives them"},
    {"counters.hpm",
     KIND_UNSIGNED,
     OPTION(hpm_counters),
     29,
     0,
     29,
     {0},
     "hardware performance counters, from mhpmcounter3 on; the others are read-only 0"},
    {"time",
     KIND_BOOL,
     OPTION(time_absent),
     0,
     0,
     0,
     {"present", "absent"},
     "the time CSR: there, or for M-mode to emulate"},
    {"tinst",
     KIND_BOOL,
     OPTION(tinst_zero),
     0,
     0,
     0,
     {"transformed", "zero"},
     "what mtinst and htinst get on a trap: the transformed instruction, or always 0"},
    {"tval",
     KIND_BOOL,
     OPTION(tval_zero),
     0,
     0,
     0,
     {"written", "zero"},
     "mtval and stval on traps for which the specification allows 0"},
    {"tval2",
     KIND_BOOL,
     OPTION(tval2_zero),
     0,
     0,
     0,
     {"written", "zero"},
     "mtval2 and htval on guest-page faults: the guest-physical address >> 2, or always 0"},
    {"envcfg",
     KIND_BOOL,
     OPTION(envcfg_absent),
     0,
     0,
     0,
     {"present", "absent"},
     "senvcfg and henvcfg: there, or not, as before version 1.12 of the privileged architecture"},
    {"misaligned",
     KIND_BOOL,
     OPTION(misaligned_traps),
     0,
     0,
     0,
     {"works", "traps"},
     "misaligned loads and stores to main memory"},
    {"ad",
     KIND_WORD,
     CONFIG(ad),
     AD_ISA,
     0,
     0,
     {"isa", "hardware", "either", "fault"},
     "A and D bits: as --isa has svade and svadu; set by hardware from reset on (Svadu); where menvcfg.ADUE comes to "
     "ask for it (both); or always by page fault (Svade)"},
    {"endian",
     KIND_BOOL,
     OPTION(little_endian),
     0,
     0,
     0,
     {"both", "little"},
     "byte orders of data: MBE, SBE, UBE and VSBE are writable, or read-only 0"},
    {"rnmi.vector",
     KIND_U64,
     OPTION(rnmi_vector),
     0,
     0,
     UINT64_C(0xfffffffffffffc),
     {0},
     "where non-maskable interrupts go, with Smrnmi: a multiple of 4, or 0 for mtvec.BASE"},
    {"rnmi.exception_vector",
     KIND_U64,
     OPTION(rnmi_exception_vector),
     0,
     0,
     UINT64_C(0xfffffffffffffc),
     {0},
     "where exceptions in M-mode go while mnstatus.NMIE is 0: a multiple of 4, or 0 for mtvec's"},
    {"rnmi.cycle",
     KIND_U64,
     CONFIG(rnmi_cycle),
     0,
     0,
     UINT64_MAX,
     {0},
     "cycle at which non-maskable interrupt 48 comes to every hart, once; 0: never"},
    {"plic.gateway",
     KIND_BOOL,
     CONFIG(plic_by_level),
     0,
     0,
     0,
     {"raise", "level"},
     "what makes a PLIC's source pending: its device raising the wire, as QEMU has it; or a high wire at completion too, "
     "as SiFive's"},
    {"virtio.latency",
     KIND_U64,
     CONFIG(virtio.latency),
     1000,
     1,
     1000000000,
     {0},
     "cycles from a driver's notification until a virtio device looks at its queue"},
    {"disk.request",
     KIND_U64,
     CONFIG(virtio.disk_cycles),
     1000,
     1,
     1000000000,
     {0},
     "cycles that a disk is busy with a request, besides its bytes"},
    {"disk.bytes", KIND_U64, CONFIG(virtio.disk_bytes), 8, 1, 4096, {0}, "bytes that a disk transfers in a cycle"},
    {"net.frame",
     KIND_U64,
     CONFIG(virtio.net_cycles),
     1000,
     1,
     1000000000,
     {0},
     "cycles that a network card is busy with a frame, besides its bytes"},
    {"net.bytes",
     KIND_U64,
     CONFIG(virtio.net_bytes),
     8,
     1,
     4096,
     {0},
     "bytes that a network card transfers in a cycle"},
    {"net.poll",
     KIND_U64,
     CONFIG(virtio.net_poll),
     100,
     1,
     1000000,
     {0},
     "ticks of mtime between two looks at the host's network while frames go; up to 100 times as many while none do"},
    {"tlb.entries", KIND_UNSIGNED, OPTION(tlb_entries), 1024, 1, 65536, {0}, "entries of a hart's TLB"},
    {"engine.block_ops",
     KIND_UNSIGNED,
     ENGINE(block_ops),
     64,
     1,
     64,
     {0},
     "most instructions in a translated block; changes no result"},
    {"engine.flush_always",
     KIND_BOOL,
     ENGINE(flush_always),
     0,
     0,
     0,
     {"no", "yes"},
     "forget every translation at each block; changes no result"},
#define TIMING(field, name, value, low, high, meaning)                                                                 \
	{name, KIND_UNSIGNED, CONFIG(preset.field), value, low, high, {0}, meaning},
#include "timing/param.def"
#undef TIMING
};

/* The last rows are those of the timing preset. */
enum { PARAM_COUNT = sizeof(params) / sizeof(params[0]), FIRST_TIMING = PARAM_COUNT - TIMING_PARAMS };

static void store_param(struct config *config, const struct param *param, uint64_t value)
{
	char *field = (char *)config + param->offset;
	if (param->kind == KIND_U64)
		*(uint64_t *)field = value;
	else if (param->kind != KIND_BOOL)
		*(unsigned *)field = (unsigned)value;
	else
		*(bool *)field = value != 0;
}

static uint64_t load_param(const struct config *config, const struct param *param)
{
	const char *field = (const char *)config + param->offset;
	if (param->kind == KIND_U64)
		return *(const uint64_t *)field;
	return param->kind != KIND_BOOL ? *(const unsigned *)field : *(const bool *)field;
}

void params_default(struct config *config)
{
	timing_default(&config->preset);
	for (unsigned i = 0; i < PARAM_COUNT; i++)
		store_param(config, &params[i], params[i].value);
}

/* "isa, hardware, either" with the last word behind `last`. */
static const char *list_words(const struct param *param, const char *last, char *text, size_t size)
{
	size_t used = 0;
	for (unsigned i = 0; i < WORDS_MAX && param->words[i]; i++) {
		bool ends = i + 1 == WORDS_MAX || !param->words[i + 1];
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		                         i == 0 ? ""
		                         : ends ? last
		                                : ", ",
		                         param->words[i]);
	}
	return text;
}

static int set_choice(struct config *config, const struct param *param, const char *text)
{
	char words[64];
	for (unsigned i = 0; i < WORDS_MAX && param->words[i]; i++)
		if (strcmp(text, param->words[i]) == 0) {
			store_param(config, param, i);
			return 0;
		}
	say("--set %s=%s: must be %s", param->name, text, list_words(param, " or ", words, sizeof(words)));
	return -1;
}

static int set_param_number(struct config *config, const struct param *param, const char *text)
{
	char *end;
	errno = 0;
	uint64_t value = strtoull(text, &end, 0);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < param->low || value > param->high) {
		say("--set %s=%s: must be a number from %" PRIu64 " to %" PRIu64, param->name, text, param->low,
		    param->high);
		return -1;
	}
	if (param->offset == OPTION(pmp_entries) && value != 0 && value != 16 && value != 64) {
		say("--set %s=%s: must be 0, 16 or 64", param->name, text);
		return -1;
	}
	bool vector = param->offset == OPTION(rnmi_vector) || param->offset == OPTION(rnmi_exception_vector);
	if (vector && value % 4 != 0) {
		say("--set %s=%s: must be a multiple of 4", param->name, text);
		return -1;
	}
	store_param(config, param, value);
	if (param >= params + FIRST_TIMING)
		config->preset.set[param - params - FIRST_TIMING] = true;
	return 0;
}

int params_set(struct config *config, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	size_t length = equals ? (size_t)(equals - assignment) : strlen(assignment);
	for (unsigned i = 0; i < PARAM_COUNT; i++) {
		const struct param *param = &params[i];
		if (strlen(param->name) != length || strncmp(param->name, assignment, length) != 0)
			continue;
		if (!equals) {
			say("--set %s: a value is missing (%s=VALUE)", assignment, assignment);
			return -1;
		}
		return param->words[0] ? set_choice(config, param, equals + 1)
		                       : set_param_number(config, param, equals + 1);
	}
	say("--set %s: there is no such parameter (--set help lists them)", assignment);
	return -1;
}

static const char *value_text(const struct config *config, const struct param *param, char *text, size_t size)
{
	uint64_t value = load_param(config, param);
	if (param->words[0])
		return param->words[value];
	snprintf(text, size, "%" PRIu64, value);
	return text;
}

void params_list(const struct config *config, FILE *out)
{
	for (unsigned i = 0; i < PARAM_COUNT; i++) {
		const struct param *param = &params[i];
		char number[32], range[64];
		if (param->words[0])
			list_words(param, ", ", range, sizeof(range));
		else
			snprintf(range, sizeof(range), "%" PRIu64 "..%" PRIu64, param->low, param->high);
		fprintf(out, "%-24s %-12s %s [%s]\n", param->name, value_text(config, param, number, sizeof(number)),
		        param->meaning, range);
	}
}

void params_json(const struct config *config, struct json *json)
{
	for (unsigned i = 0; i < (!config->timing || config->timing->ideal ? FIRST_TIMING : PARAM_COUNT); i++) {
		const struct param *param = &params[i];
		if (param->words[0])
			json_string(json, param->name, param->words[load_param(config, param)]);
		else
			json_u64(json, param->name, load_param(config, param));
	}
}

uint64_t params_hash(const struct config *config)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (unsigned i = 0; i < FIRST_TIMING; i++) {
		if (strncmp(params[i].name, "engine.", 7) == 0)
			continue; /* these change no result */
		hash = (hash ^ load_param(config, &params[i])) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash ^ timing_hash(config->timing);
}
