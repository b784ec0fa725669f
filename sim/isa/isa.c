/* Sets of extensions: what requires what, and what a set is called. */
#include <stdio.h>
#include <string.h>
#include "isa/isa.h"
#include "isa/isa_set.h"

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
    {EXT_M, EXT_Zmmul},
    {EXT_Zmmul, EXT_I},
    {EXT_Zaamo, EXT_I},
    {EXT_Zalrsc, EXT_I},
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
    {EXT_Zabha, EXT_Zaamo},
    {EXT_Zacas, EXT_Zaamo},
    {EXT_Zawrs, EXT_Zalrsc},
    {EXT_Za64rs, EXT_Zalrsc},
    {EXT_Ziccrse, EXT_Zalrsc},
    {EXT_Ziccamoa, EXT_Zaamo},
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
    {EXT_Ssccptr, EXT_S},
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
    {EXT_Svbare, EXT_S},
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
    {EXT_A, EXT_Zaamo, EXT_Zalrsc, false},           {EXT_Zcd, EXT_C, EXT_D, false},
    {EXT_CZihintntl, EXT_Zca, EXT_Zihintntl, false}, {EXT_DZfa, EXT_D, EXT_Zfa, false},
    {EXT_DZfhmin, EXT_D, EXT_Zfhmin, false},         {EXT_HSvinval, EXT_H, EXT_Svinval, false},
    {EXT_ZabhaZacas, EXT_Zabha, EXT_Zacas, false},   {EXT_ZbbZbkb, EXT_Zbb, EXT_Zbkb, true},
    {EXT_ZbcZbkc, EXT_Zbc, EXT_Zbkc, true},          {EXT_ZfhZfa, EXT_Zfh, EXT_Zfa, false},
    {EXT_ZkndZkne, EXT_Zknd, EXT_Zkne, true},
};

/* Names for several extensions at once, or for what every hart here is; an ISA string may use them. None is printed,
 * but for the letters that are extensions too. */
static const struct {
	const char *name;
	uint8_t members[8]; /* 0 (I) ends the list */
} groups[] = {
    {"m", {EXT_M, EXT_Zmmul}},
    {"a", {EXT_Zaamo, EXT_Zalrsc}},
    {"c", {EXT_C, EXT_Zca}},
    {"g", {EXT_M, EXT_Zaamo, EXT_Zalrsc, EXT_F, EXT_D, EXT_Zicsr, EXT_Zifencei}},
    {"b", {EXT_Zba, EXT_Zbb, EXT_Zbs}},
    {"zkn", {EXT_Zbkb, EXT_Zbkc, EXT_Zbkx, EXT_Zkne, EXT_Zknd, EXT_Zknh}},
    {"zk", {EXT_Zbkb, EXT_Zbkc, EXT_Zbkx, EXT_Zkne, EXT_Zknd, EXT_Zknh, EXT_Zkr}},
    {"sha",
     {EXT_H, EXT_Shcounterenw, EXT_Shgatpa, EXT_Shtvala, EXT_Shvsatpa, EXT_Shvstvala, EXT_Shvstvecd, EXT_Ssstateen}},
    {"za128rs", {EXT_Za64rs}}, /* at most 64 bytes are at most 128 */
    {"supm", {EXT_Ssnpm}},     /* what lets an operating system mask U-mode's pointers; sspm: a firmware S-mode's */
    {"sspm", {EXT_Smnpm}},
    {"sm1p11", {0}}, /* privileged architecture, up to the version that is here */
    {"sm1p12", {0}},
    {"sm1p13", {0}},
    {"ss1p11", {0}},
    {"ss1p12", {0}},
    {"ss1p13", {0}},
};

/* What riscv,isa has: the letters, and these. Names came to be written to riscv,isa-extensions instead, and readers that
 * are older than that know none but these; U-Boot 2023.01 prints no more than 274 characters. */
static const uint8_t short_names[] = {
    EXT_Zicbom,      EXT_Zicbop,    EXT_Zicboz,   EXT_Zicntr, EXT_Zicond, EXT_Zicsr,   EXT_Zifencei, EXT_Zihintntl,
    EXT_Zihintpause, EXT_Zihpm,     EXT_Zacas,    EXT_Zfa,    EXT_Zfh,    EXT_Zfhmin,  EXT_Zba,      EXT_Zbb,
    EXT_Zbc,         EXT_Zbkb,      EXT_Zbkc,     EXT_Zbkx,   EXT_Zbs,    EXT_Zknd,    EXT_Zkne,     EXT_Zknh,
    EXT_Zkr,         EXT_Smstateen, EXT_Sscofpmf, EXT_Sstc,   EXT_Svadu,  EXT_Svinval, EXT_Svnapot,  EXT_Svpbmt,
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void set(struct isa *isa, unsigned ext, bool on)
{
	uint64_t bit = UINT64_C(1) << (ext % 64);

	isa->bits[ext / 64] = on ? isa->bits[ext / 64] | bit : isa->bits[ext / 64] & ~bit;
}

void isa_close(struct isa *isa, bool grow)
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
	isa_close(&isa, true);
	return isa;
}

struct isa isa_default(void) { return from_column(1); }

struct isa isa_all(void) { return from_column(0); }

void isa_add(struct isa *isa, enum ext ext)
{
	set(isa, ext, true);
	isa_close(isa, true);
}

void isa_remove(struct isa *isa, enum ext ext)
{
	set(isa, ext, false);
	isa_close(isa, false);
}

static bool same_name(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && memcmp(name, text, length) == 0;
}

bool isa_switch(struct isa *isa, const char *name, size_t length, bool on)
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

const char *isa_name(const struct isa *isa, enum ext ext)
{
	const char *name = extensions[ext].name;

	/* S and U are modes, which the device tree says otherwise */
	return name[0] != '\0' && ext != EXT_S && ext != EXT_U && isa_has(isa, ext) ? name : NULL;
}

static bool is_short(const char *name, enum ext ext)
{
	return name[1] == '\0' || memchr(short_names, (int)ext, sizeof(short_names));
}

static void write_string(const struct isa *isa, bool all, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "rv64");

	for (unsigned ext = 0; ext < EXT_COUNT && used < size; ext++) {
		const char *name = isa_name(isa, ext);

		if (name && (all || is_short(name, ext)))
			used += (size_t)snprintf(text + used, size - used, "%s%s", name[1] != '\0' ? "_" : "", name);
	}
}

void isa_string(const struct isa *isa, char *text, size_t size) { write_string(isa, true, text, size); }

void isa_short_string(const struct isa *isa, char *text, size_t size) { write_string(isa, false, text, size); }

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
