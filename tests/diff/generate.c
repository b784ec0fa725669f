/*
 * generate [--all] RUNTIME.elf OUTPUT.elf FIRST COUNT [SLOTS [MASK]]
 *
 * Writes a copy of the runtime with the cases of seeds FIRST..FIRST+COUNT-1 in it. What a seed makes depends on nothing
 * else.
 * --all: also CSR fields of extensions that QEMU 7.2 does not have, and does not keep as if they were reserved.
 * MASK, a list of slot numbers such as 0,3,4, empties all other slots: compare.py uses it to make a failing case small.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "slots.h"

enum { MAX_CODE = CODE_SIZE - CODE_START, DEFAULT_SLOTS = 24 };

struct batch {
	unsigned char bytes[CASES_SIZE];
	size_t used;
};

static unsigned char any_policy(struct random *random)
{
	if (chance(random, 35))
		return POLICY_STAY;
	if (chance(random, 40))
		return POLICY_RETURN;
	static const unsigned char modes[] = {POLICY_M, POLICY_HS, POLICY_HS, POLICY_U, POLICY_VS, POLICY_VS, POLICY_VU};
	return PICK(random, modes);
}

static void append(struct batch *batch, const void *bytes, size_t size)
{
	if (batch->used + size > sizeof batch->bytes) {
		fprintf(stderr, "generate: the batch does not fit in %d bytes: fewer cases\n", CASES_SIZE);
		exit(2);
	}
	memcpy(batch->bytes + batch->used, bytes, size);
	batch->used += size;
}

/* Random bits of a slot come from its own stream, so that leaving one out changes no other. */
static void make_slots(struct maker *maker, struct diff_case *c, uint64_t seed, const char *keep)
{
	for (unsigned slot = 0; slot <= c->slots; slot++) {
		struct random random = {seed * 1000 + slot};
		maker->random = maker->world->random = &random;
		maker->slot = slot;
		c->slot[slot] = (unsigned short)(CODE_START + 2 * maker->code.used);
		c->policy[slot] = any_policy(&random);
		emit(&maker->code, i_type(OP_IMM, 0, SLOT_REGISTER, 0, (int)slot));
		if (slot == c->slots)
			emit(&maker->code, 0x00000073);
		else if (!keep || keep[slot])
			slot_make(maker);
	}
}

static void add_case(struct batch *batch, unsigned seed, unsigned slots, const char *keep, bool all)
{
	static struct world world;
	static uint16_t code[MAX_CODE / 2];
	struct random random = {(uint64_t)seed << 20};
	struct diff_case c = {.seed = seed, .slots = slots};
	memset(code, 0, sizeof code);
	world_make(&world, &random, chance(&random, 3));
	world.all = all;
	struct maker maker = {.random = &random, .world = &world, .code = {code, 0, MAX_CODE / 2}};
	c.start = POLICY_M + pick(&random, 5);
	for (unsigned i = 0; i < CASE_X_COUNT; i++)
		c.x[i] = random_word(&random) >> (chance(&random, 50) ? 0 : pick(&random, 64));
	slot_initialize(&maker);
	make_slots(&maker, &c, ((uint64_t)seed << 20) + 7, keep);
	slot_address_patch(&maker, c.slot);
	c.wild = world.wild;
	c.own_satp = world.own.satp;
	c.ptes = world.pte_count;
	c.code = (maker.code.used * 2 + 7) & ~7u;
	c.size = (unsigned)(sizeof c + c.ptes * sizeof(struct diff_pte) + c.code);
	append(batch, &c, sizeof c);
	append(batch, world.ptes, c.ptes * sizeof(struct diff_pte));
	append(batch, code, c.code);
}

/* ---- the ELF file ---- */

static unsigned char *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(name, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0) {
		perror(name);
		exit(2);
	}
	*size = (size_t)ftell(file);
	rewind(file);
	unsigned char *bytes = malloc(*size);
	if (!bytes || fread(bytes, 1, *size, file) != *size) {
		perror(name);
		exit(2);
	}
	fclose(file);
	return bytes;
}

static void patch_elf(unsigned char *elf, const struct batch *batch)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)elf;
	Elf64_Phdr *segment = (Elf64_Phdr *)(elf + header->e_phoff);
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (segment[i].p_paddr == CASES) {
			memcpy(elf + segment[i].p_offset, batch->bytes, batch->used);
			segment[i].p_filesz = batch->used;
			return;
		}
	fprintf(stderr, "generate: the runtime has no room for cases\n");
	exit(2);
}

static void parse_keep(const char *text, char *keep)
{
	for (char *end; *text; text = *end == ',' ? end + 1 : end) {
		unsigned long slot = strtoul(text, &end, 10);
		if (end == text || slot >= MAX_SLOTS) {
			fprintf(stderr, "generate: bad list of slots: %s\n", text);
			exit(2);
		}
		keep[slot] = 1;
	}
}

int main(int argc, char **argv)
{
	bool all = argc > 1 && !strcmp(argv[1], "--all");
	argc -= all;
	argv += all;
	if (argc < 5 || argc > 7) {
		fprintf(stderr, "usage: generate [--all] RUNTIME.elf OUTPUT.elf FIRST COUNT [SLOTS [MASK]]\n");
		return 2;
	}
	unsigned first = (unsigned)strtoul(argv[3], NULL, 0), count = (unsigned)strtoul(argv[4], NULL, 0);
	unsigned slots = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 0) : DEFAULT_SLOTS;
	char keep[MAX_SLOTS] = {0};
	if (argc > 6)
		parse_keep(argv[6], keep);
	if (!slots || slots > MAX_SLOTS) {
		fprintf(stderr, "generate: 1 to %d slots\n", MAX_SLOTS);
		return 2;
	}
	struct batch *batch = calloc(1, sizeof *batch);
	uint64_t total = count;
	append(batch, &total, sizeof total);
	for (unsigned i = 0; i < count; i++)
		add_case(batch, first + i, slots, argc > 6 ? keep : NULL, all);
	size_t size;
	unsigned char *elf = read_file(argv[1], &size);
	patch_elf(elf, batch);
	FILE *out = fopen(argv[2], "wb");
	if (!out || fwrite(elf, 1, size, out) != size || fclose(out) != 0) {
		perror(argv[2]);
		return 2;
	}
	free(elf);
	free(batch);
	return 0;
}
