/* ISA strings: letters and names with their versions, profiles, and lists of changes. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "isa/isa.h"
#include "isa/isa_set.h"

static const struct profile {
	const char *name, *parent, *mandates, *nearest;
} profiles[] = {
#define PROFILE(name, parent, mandates, nearest) {name, parent, mandates, nearest},
#include "isa/profile.def"
#undef PROFILE
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A version is "2" or "2p1"; its length, or 0 if the text does not begin with one. */
static size_t version_length(const char *text, size_t length)
{
	size_t digits = 0, minor = 0;

	while (digits < length && isdigit((unsigned char)text[digits]))
		digits++;
	if (digits == 0 || digits == length || text[digits] != 'p')
		return digits;
	while (digits + 1 + minor < length && isdigit((unsigned char)text[digits + 1 + minor]))
		minor++;
	return minor ? digits + 1 + minor : digits; /* else 'p' is a letter of its own */
}

/* Majors of ratified versions: 2 for what the unprivileged manual froze in 2019, 1 for all later ones. */
static unsigned major_of(const char *name, size_t length)
{
	static const char *const second[] = {"i", "m",     "a",        "f",      "d",     "c",
	                                     "g", "zicsr", "zifencei", "zicntr", "zihpm", "zihintpause"};

	for (size_t i = 0; i < LENGTH(second); i++)
		if (strlen(second[i]) == length && memcmp(second[i], name, length) == 0)
			return 2;
	return 1;
}

static int complain_unknown(const char *name, size_t length, char *error, size_t size)
{
	/* by its name alone: a version at its end is no part of that */
	for (size_t i = 1; i < length; i++)
		if (memchr(name + i, 'p', length - i) && version_length(name + i, length - i) == length - i)
			length = i;
	snprintf(error, size, "unknown extension '%.*s'", length > 40 ? 40 : (int)length, name);
	return -1;
}

/* Later majors have not been written: who asks for one asks for something else. Drafts of 0.x are what was ratified. */
static int check_version(const char *text, size_t name, size_t length, char *error, size_t size)
{
	unsigned major = 0;

	for (size_t i = name; i < length && text[i] != 'p'; i++)
		major = major < 1000 ? major * 10 + (unsigned)(text[i] - '0') : major;
	if (major <= major_of(text, name))
		return 0;
	snprintf(error, size, "extension '%.*s' has no version %.*s", (int)name, text,
	         length - name > 20 ? 20 : (int)(length - name), text + name);
	return -1;
}

/* A whole name, with a version behind it or none. The name's own length; 0: there is no such name. Names end in digits,
 * too: "sv391p0" is Sv39. */
static size_t name_length(const char *text, size_t length)
{
	struct isa scratch = {{0, 0}};

	if (isa_switch(&scratch, text, length, true))
		return length;
	for (size_t name = length - 1; name > 0 && name < length; name--)
		if (version_length(text + name, length - name) == length - name &&
		    isa_switch(&scratch, text, name, true))
			return name;
	return 0;
}

/* "su", "suh": modes as letters, which older device trees have behind the rest. */
static bool is_modes(const char *text, size_t length)
{
	return strncmp(text, "su", 2) == 0 && strspn(text, "suh") >= length;
}

/* Version 2.0 of I, as linkers of its day wrote it, had in it what later became extensions. */
static void add_older_parts(struct isa *isa, const char *text, size_t name, size_t length)
{
	if (name == 1 && text[0] == 'i' && length - name == 3 && strncmp(text + name, "2p0", 3) == 0) {
		isa_switch(isa, "zifencei", 8, true);
		isa_switch(isa, "zicntr", 6, true);
	}
}

static int add_name(struct isa *isa, const char *text, size_t name, size_t length, char *error, size_t size)
{
	isa_switch(isa, text, name, true);
	add_older_parts(isa, text, name, length);
	return check_version(text, name, length, error, size);
}

/* One stretch without underscores: single letters, the last of which may be followed by a name ("imaczicsr"). */
static int parse_stretch(const char *text, size_t length, struct isa *isa, char *error, size_t size)
{
	size_t step = 0;

	if (length == 0)
		return complain_unknown(text, 0, error, size);
	for (size_t i = 0; i < length; i += step) {
		const char *rest = text + i;
		size_t name = name_length(rest, length - i);
		bool letter = length - i == 1 || !strchr("sxz", *rest) || is_modes(rest, length - i);

		step = length - i;
		if (name == 0 && letter) {
			name = name_length(rest, 1);
			step = 1 + version_length(rest + 1, length - i - 1);
		}
		if (name == 0)
			return complain_unknown(rest, letter && i > 0 ? 1 : length - i, error, size);
		if (add_name(isa, rest, name, step, error, size) < 0)
			return -1;
	}
	return 0;
}

/* Stretches separated by underscores, `length` characters in all. */
static int parse_extensions(const char *text, size_t length, struct isa *isa, char *error, size_t size)
{
	for (;;) {
		const char *end = memchr(text, '_', length);
		size_t stretch = end ? (size_t)(end - text) : length;

		if (parse_stretch(text, stretch, isa, error, size) < 0)
			return -1;
		if (!end)
			return 0;
		text += stretch + 1;
		length -= stretch + 1;
	}
}

static const struct profile *find_profile(const char *text, size_t length)
{
	for (size_t i = 0; i < LENGTH(profiles); i++)
		if (strlen(profiles[i].name) == length && memcmp(profiles[i].name, text, length) == 0)
			return &profiles[i];
	return NULL;
}

/* Add what a profile mandates. Names that are not here go to `lacking`, with a comma before each. */
static void add_mandates(const struct profile *profile, struct isa *isa, char *lacking, size_t size)
{
	if (profile->parent[0] != '\0')
		add_mandates(find_profile(profile->parent, strlen(profile->parent)), isa, lacking, size);
	for (const char *name = profile->mandates; *name != '\0';) {
		size_t length = strcspn(name, "_"), used = strlen(lacking);

		if (!isa_switch(isa, name, length, true))
			snprintf(lacking + used, size - used, ", %.*s", (int)length, name);
		name += length + (name[length] == '_');
	}
}

static int parse_profile(const struct profile *profile, struct isa *isa, char *error, size_t size)
{
	char lacking[128] = "";

	add_mandates(profile, isa, lacking, sizeof(lacking));
	if (lacking[0] == '\0')
		return 0;
	snprintf(error, size, "%s needs %s, which there is not (the rest of it: %s)", profile->name, lacking + 2,
	         profile->nearest);
	return -1;
}

/* A string says which instructions there are. Privilege modes and paging are not part of its usual spelling
 * ("rv64gc"), so S, U and the translation modes stay as they are by default. */
static int parse_string(const char *text, size_t length, struct isa *isa, char *error, size_t size)
{
	static const uint8_t kept[] = {EXT_S, EXT_U, EXT_Sv39, EXT_Zicsr};
	size_t base = strcspn(text, "_,");
	const struct profile *profile = find_profile(text, base);
	struct isa standard = isa_default();
	int result;

	*isa = (struct isa){{0, 0}};
	isa_switch(isa, "i", 1, true);
	for (size_t i = 0; i < LENGTH(kept); i++)
		isa->bits[kept[i] / 64] |= standard.bits[kept[i] / 64] & UINT64_C(1) << kept[i] % 64;
	if (profile)
		result = parse_profile(profile, isa, error, size);
	else if (strncmp(text, "rv64", 4) == 0 && (text[4] == 'i' || text[4] == 'g'))
		result = parse_extensions(text + 4, length - 4, isa, error, size);
	else
		return snprintf(error, size,
		                "an ISA string starts with rv64i or rv64g or is a profile such as rva22s64, a "
		                "change starts with + or -"),
		       -1;
	if (result == 0 && profile && base < length)
		result = parse_extensions(text + base + 1, length - base - 1, isa, error, size);
	isa_close(isa, true);
	return result;
}

/* A list such as "-h,+zba,-sstc": changes, in order. */
static int parse_changes(const char *text, struct isa *isa, char *error, size_t size)
{
	while (*text != '\0') {
		bool on = *text == '+';
		size_t length;

		if (*text != '+' && *text != '-') {
			snprintf(error, size, "expected + or - before '%.40s'", text);
			return -1;
		}
		text++;
		length = strcspn(text, ",");
		if (!isa_switch(isa, text, length, on))
			return complain_unknown(text, length, error, size);
		isa_close(isa, on);
		text += length + (text[length] == ',');
	}
	if (!isa_has(isa, EXT_I)) {
		snprintf(error, size, "extension 'i' cannot be left out");
		return -1;
	}
	return 0;
}

int isa_change(struct isa *isa, const char *name, bool on, char *error, size_t size)
{
	char change[64];

	if ((size_t)snprintf(change, sizeof(change), "%c%s", on ? '+' : '-', name) >= sizeof(change) ||
	    strchr(name, ','))
		return complain_unknown(name, strlen(name), error, size);
	for (char *at = change; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return parse_changes(change, isa, error, size);
}

int isa_parse(const char *text, struct isa *isa, char *error, size_t size)
{
	char lower[1536];
	size_t length = strlen(text), base;

	if (length >= sizeof(lower)) {
		snprintf(error, size, "ISA string of %zu characters is too long", length);
		return -1;
	}
	for (size_t i = 0; i <= length; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	base = lower[0] == '+' || lower[0] == '-' ? 0 : strcspn(lower, ",");
	*isa = isa_default();
	if (base == 3 && strncmp(lower, "all", 3) == 0) {
		*isa = isa_all();
	} else if (base == 3 && strncmp(lower, "sha", 3) == 0) {
		isa_switch(isa, "sha", 3, true);
		isa_close(isa, true);
	} else if (lower[0] != '+' && lower[0] != '-') {
		if (parse_string(lower, base, isa, error, size) < 0)
			return -1;
	}
	return parse_changes(lower + base + (lower[base] == ','), isa, error, size);
}
