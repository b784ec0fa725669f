/* Sets of extensions: from and to ISA strings, and what requires what. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "isa/isa.h"

static const struct {
	const char *name;
	int8_t on;
} extensions[EXT_COUNT] = {
#define EXT(id, name, on, meaning) [EXT_##id] = {name, on},
#include "isa/ext.def"
#undef EXT
};

/* `ext` cannot be without `needs`: naming ext brings needs along, and taking needs away takes ext away. */
static const struct {
	uint8_t ext, needs;
} requirements[] = {
    {EXT_M, EXT_I},
    {EXT_A, EXT_I},
    {EXT_F, EXT_Zicsr},
    {EXT_D, EXT_F},
    {EXT_C, EXT_Zca},
    {EXT_S, EXT_U},
    {EXT_H, EXT_S},
    {EXT_U, EXT_Zicsr},
    {EXT_Zicsr, EXT_I},
    {EXT_Zicfilp, EXT_Zicsr},
    {EXT_Zicntr, EXT_Zicsr},
    {EXT_Zihpm, EXT_Zicntr},
    {EXT_Zabha, EXT_A},
    {EXT_Zacas, EXT_A},
    {EXT_Zfhmin, EXT_F},
    {EXT_Zfh, EXT_Zfhmin},
    {EXT_Zfa, EXT_F},
    {EXT_Zcb, EXT_Zca},
    {EXT_Zcmop, EXT_Zca},
    {EXT_Zcd, EXT_Zca},
    {EXT_Zcd, EXT_D},
    {EXT_Zkr, EXT_Zicsr},
    {EXT_Sdtrig, EXT_Zicsr},
    {EXT_Shcounterenw, EXT_H},
    {EXT_Shgatpa, EXT_H},
    {EXT_Shlcofideleg, EXT_H},
    {EXT_Shlcofideleg, EXT_Sscofpmf},
    {EXT_Shtvala, EXT_H},
    {EXT_Shvsatpa, EXT_H},
    {EXT_Shvstvala, EXT_H},
    {EXT_Shvstvecd, EXT_H},
    {EXT_Smcntrpmf, EXT_Zicntr},
    {EXT_Ssdbltrp, EXT_S},
    {EXT_Ssnpm, EXT_S},
    {EXT_Smnpm, EXT_U},
    {EXT_Sscofpmf, EXT_Zihpm},
    {EXT_Sscofpmf, EXT_S},
    {EXT_Sscounterenw, EXT_S},
    {EXT_Sscsrind, EXT_S},
    {EXT_Ssqosid, EXT_S},
    {EXT_Ssstateen, EXT_S},
    {EXT_Sstc, EXT_S},
    {EXT_Sstvala, EXT_S},
    {EXT_Sstvecd, EXT_S},
    {EXT_Ssu64xl, EXT_S},
    {EXT_Sv39, EXT_S},
    {EXT_Sv48, EXT_Sv39},
    {EXT_Sv57, EXT_Sv48},
    {EXT_Svade, EXT_S},
    {EXT_Svadu, EXT_S},
    {EXT_Svinval, EXT_S},
    {EXT_Svnapot, EXT_Sv39},
    {EXT_Svpbmt, EXT_Sv39},
};

/* `combination` exists exactly when `first` and `second` (or either of them) do. */
static const struct {
	uint8_t combination, first, second;
	bool either;
} combinations[] = {
    {EXT_Zcd, EXT_C, EXT_D, false},
    {EXT_CZihintntl, EXT_Zca, EXT_Zihintntl, false},
    {EXT_DZfa, EXT_D, EXT_Zfa, false},
    {EXT_DZfhmin, EXT_D, EXT_Zfhmin, false},
    {EXT_HSvinval, EXT_H, EXT_Svinval, false},
    {EXT_ZabhaZacas, EXT_Zabha, EXT_Zacas, false},
    {EXT_ZbbZbkb, EXT_Zbb, EXT_Zbkb, true},
    {EXT_ZbcZbkc, EXT_Zbc, EXT_Zbkc, true},
    {EXT_ZfhZfa, EXT_Zfh, EXT_Zfa, false},
    {EXT_ZkndZkne, EXT_Zknd, EXT_Zkne, true},
};

/* Names for several extensions at once; an ISA string may use them, none is printed. */
static const struct {
	const char *name;
	uint8_t members[8]; /* 0 (I) ends the list */
} groups[] = {
    {"c", {EXT_C, EXT_Zca}},
    {"g", {EXT_M, EXT_A, EXT_F, EXT_D, EXT_Zicsr, EXT_Zifencei}},
    {"b", {EXT_Zba, EXT_Zbb, EXT_Zbs}},
    {"zkn", {EXT_Zbkb, EXT_Zbkc, EXT_Zbkx, EXT_Zkne, EXT_Zknd, EXT_Zknh}},
    {"zk", {EXT_Zbkb, EXT_Zbkc, EXT_Zbkx, EXT_Zkne, EXT_Zknd, EXT_Zknh, EXT_Zkr}},
    {"sha",
     {EXT_H, EXT_Shcounterenw, EXT_Shgatpa, EXT_Shtvala, EXT_Shvsatpa, EXT_Shvstvala, EXT_Shvstvecd, EXT_Ssstateen}},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void set(struct isa *isa, unsigned ext, bool on)
{
	uint64_t bit = UINT64_C(1) << (ext % 64);

	isa->bits[ext / 64] = on ? isa->bits[ext / 64] | bit : isa->bits[ext / 64] & ~bit;
}

/* Add what the set requires (grow), or drop what lacks a requirement; then work out the combinations. */
static void close_over(struct isa *isa, bool grow)
{
	struct isa before;

	if (!grow && !isa_has(isa, EXT_Zcd) && isa_has(isa, EXT_D))
		set(isa, EXT_C, false); /* C with D implies Zcd: it was taken away by name */
	do {
		before = *isa;
		for (size_t i = 0; i < LENGTH(requirements); i++) {
			if (isa_has(isa, requirements[i].ext) && !isa_has(isa, requirements[i].needs))
				set(isa, grow ? requirements[i].needs : requirements[i].ext, grow);
		}
	} while (memcmp(&before, isa, sizeof(before)) != 0);
	if (isa_has(isa, EXT_Sv39) && !isa_has(isa, EXT_Svadu))
		set(isa, EXT_Svade, true); /* what remains is its behaviour */
	for (size_t i = 0; i < LENGTH(combinations); i++) {
		bool first = isa_has(isa, combinations[i].first), second = isa_has(isa, combinations[i].second);
		bool named = combinations[i].combination == EXT_Zcd && isa_has(isa, EXT_Zcd);

		set(isa, combinations[i].combination,
		    named || (combinations[i].either ? first || second : first && second));
	}
}

/* The extensions whose column `on` is `least` or more. */
static struct isa from_column(int least)
{
	struct isa isa = {{0, 0}};

	for (unsigned ext = 0; ext < EXT_COUNT; ext++)
		set(&isa, ext, extensions[ext].on >= least);
	close_over(&isa, true);
	return isa;
}

struct isa isa_default(void) { return from_column(1); }

struct isa isa_all(void) { return from_column(0); }

void isa_add(struct isa *isa, enum ext ext)
{
	set(isa, ext, true);
	close_over(isa, true);
}

void isa_remove(struct isa *isa, enum ext ext)
{
	set(isa, ext, false);
	close_over(isa, false);
}

static bool same_name(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && memcmp(name, text, length) == 0;
}

/* Turn the extension or group of that name on or off; false: no such name. */
static bool set_by_name(struct isa *isa, const char *name, size_t length, bool on)
{
	for (size_t i = 0; i < LENGTH(groups); i++) {
		if (!same_name(groups[i].name, name, length))
			continue;
		for (size_t j = 0; j < LENGTH(groups[i].members) && groups[i].members[j] != EXT_I; j++)
			set(isa, groups[i].members[j], on);
		return true;
	}
	for (unsigned ext = 0; ext < EXT_COUNT; ext++) {
		if (extensions[ext].name[0] != '\0' && same_name(extensions[ext].name, name, length)) {
			set(isa, ext, on);
			return true;
		}
	}
	return false;
}

static int unknown(const char *name, size_t length, char *error, size_t size)
{
	snprintf(error, size, "unknown extension '%.*s'", length > 40 ? 40 : (int)length, name);
	return -1;
}

/* A list such as "-h,+zba,-sstc": changes to the set, in order. */
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
		if (!set_by_name(isa, text, length, on))
			return unknown(text, length, error, size);
		close_over(isa, on);
		text += length + (text[length] == ',');
	}
	if (!isa_has(isa, EXT_I)) {
		snprintf(error, size, "extension 'i' cannot be left out");
		return -1;
	}
	return 0;
}

/* One stretch without underscores: single letters, the last of which may be followed by a name ("imaczicsr"). */
static int parse_stretch(const char *text, size_t length, struct isa *isa, char *error, size_t size)
{
	for (size_t i = 0; i < length; i++) {
		if (set_by_name(isa, text + i, length - i, true))
			return 0;
		if (!set_by_name(isa, text + i, 1, true))
			return strchr("sxz", *text)
			           ? unknown(text, length, error, size)
			           : unknown(text + i, strchr("xz", text[i]) ? length - i : 1, error, size);
	}
	return length == 0 ? unknown(text, 0, error, size) : 0;
}

/* What follows "rv64": stretches separated by underscores. */
static int parse_extensions(const char *text, struct isa *isa, char *error, size_t size)
{
	for (;;) {
		size_t length = strcspn(text, "_");

		if (parse_stretch(text, length, isa, error, size) < 0)
			return -1;
		if (text[length] == '\0')
			return 0;
		text += length + 1;
	}
}

/* A string says which instructions there are. Privilege modes and paging are not part of its usual spelling
 * ("rv64gc"), so S, U and the translation modes stay as they are by default. */
static int parse_string(const char *text, struct isa *isa, char *error, size_t size)
{
	static const uint8_t kept[] = {EXT_S, EXT_U, EXT_Sv39, EXT_Zicsr};
	struct isa standard = isa_default();

	*isa = (struct isa){{0, 0}};
	if (strncmp(text, "rv64", 4) != 0 || (text[4] != 'i' && text[4] != 'g')) {
		snprintf(error, size, "an ISA string starts with rv64i or rv64g, a change with + or -");
		return -1;
	}
	set(isa, EXT_I, true);
	for (size_t i = 0; i < LENGTH(kept); i++)
		set(isa, kept[i], isa_has(&standard, kept[i]));
	if (parse_extensions(text + 4, isa, error, size) < 0)
		return -1;
	close_over(isa, true);
	return 0;
}

int isa_change(struct isa *isa, const char *name, bool on, char *error, size_t size)
{
	char change[64];

	if ((size_t)snprintf(change, sizeof(change), "%c%s", on ? '+' : '-', name) >= sizeof(change) ||
	    strchr(name, ','))
		return unknown(name, strlen(name), error, size);
	for (char *at = change; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return parse_changes(change, isa, error, size);
}

int isa_parse(const char *text, struct isa *isa, char *error, size_t size)
{
	char lower[1024];
	size_t length = strlen(text);

	if (length >= sizeof(lower)) {
		snprintf(error, size, "ISA string of %zu characters is too long", length);
		return -1;
	}
	for (size_t i = 0; i <= length; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	if (strcmp(lower, "all") == 0) {
		*isa = isa_all();
		return 0;
	}
	if (lower[0] == '+' || lower[0] == '-') {
		*isa = isa_default();
		return parse_changes(lower, isa, error, size);
	}
	return parse_string(lower, isa, error, size);
}

void isa_string(const struct isa *isa, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "rv64");

	for (unsigned ext = 0; ext < EXT_COUNT && used < size; ext++) {
		const char *name = extensions[ext].name;

		/* S and U are modes, which the device tree says otherwise */
		if (name[0] == '\0' || ext == EXT_S || ext == EXT_U || !isa_has(isa, ext))
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s", name[1] != '\0' ? "_" : "", name);
	}
}

uint64_t isa_misa(const struct isa *isa)
{
	enum { MXL_64 = 2 };
	uint64_t misa = (uint64_t)MXL_64 << 62;

	for (unsigned ext = 0; ext < EXT_COUNT; ext++) {
		const char *name = extensions[ext].name;

		if (name[0] != '\0' && name[1] == '\0' && isa_has(isa, ext))
			misa |= UINT64_C(1) << (name[0] - 'a');
	}
	if (isa_has(isa, EXT_Zba) && isa_has(isa, EXT_Zbb) && isa_has(isa, EXT_Zbs))
		misa |= UINT64_C(1) << ('b' - 'a'); /* norm:misa_b_op */
	return misa;
}
