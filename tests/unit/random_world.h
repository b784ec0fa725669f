/* Random programs that do a bit of everything, on any number of harts that share it: traps, interrupts, atomics, code
 * that is overwritten while it runs, memory that is mapped by pages or not. */
#ifndef RANDOM_WORLD_H
#define RANDOM_WORLD_H

#include "engine_world.h"

enum { BODY = 2000, BODY_AT = 0x7fe }; /* the body begins before a page's end, two bytes off */

struct random {
	uint64_t state;
};

static inline uint64_t draw(struct random *random, uint64_t below)
{
	random->state = random->state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (random->state >> 33) % below;
}

/* Drawn one after the other: the order of a call's arguments is the compiler's. */
struct operands {
	unsigned a, b, c; /* registers */
	int offset;
};

static inline struct operands draw_operands(struct random *random)
{
	uint64_t bits = draw(random, 1 << 9);
	return (struct operands){5 + (bits & 7), 5 + (bits >> 3 & 7), 5 + (bits >> 6), (int)draw(random, 1000) - 500};
}

static inline uint32_t random_alu(struct random *random)
{
	static const uint16_t ids[] = {INSN_add, INSN_sub, INSN_xor, INSN_mul, INSN_div, INSN_sltu, INSN_srl, INSN_addw};
	struct operands operands = draw_operands(random);
	return insn_r(ids[draw(random, 8)], operands.a, operands.b, operands.c);
}

/* x16: near a page's end; x17, x18: two lines for atomics. */
static inline uint32_t random_memory(struct random *random)
{
	struct operands operands = draw_operands(random);
	unsigned a = operands.a, b = operands.b, line = 17 + (operands.c & 1);
	int offset = operands.offset / 8;
	switch (draw(random, 13)) {
	case 0: return insn_i(INSN_lw, a, 16, offset);
	case 1: return insn_i(INSN_lbu, a, 16, offset);
	case 2: return insn_s(INSN_sd, a, 16, offset);
	case 3: return insn_s(INSN_sh, a, 16, offset);
	case 4: return insn_r(INSN_amoadd_d, a, 17, b);
	case 5: return insn_r(INSN_amoswap_w, a, 17, b);
	case 6: return insn_r(INSN_lr_d, a, line, 0);
	case 7: return insn_r(INSN_sc_d, a, line, b);
	case 8: return insn_s(INSN_sd, a, 18, 0);
	case 9: return insn_i(INSN_fld, a, 16, offset & ~7);
	case 10: return insn_s(INSN_fsd, a, 16, offset & ~7);
	case 11: return insn_r(INSN_amocas_q, a & ~1u, line, b & ~1u);
	default: return insn_i(INSN_ld, a, 16, offset & ~7);
	}
}

/* Jumps within 500 instructions, over the ends of the body at times: x20 is its middle. */
static inline uint32_t random_jump(struct random *random)
{
	static const uint16_t branches[] = {INSN_beq, INSN_bne, INSN_blt, INSN_bgeu};
	struct operands operands = draw_operands(random);
	unsigned link = operands.a == 5 ? 4 : 1;
	switch (draw(random, 4)) {
	case 0: return insn_j(link, operands.offset * 4);
	case 1: return insn_i(INSN_jalr, link, 20, operands.offset * 4);
	default: return insn_b(branches[operands.c & 3], operands.a, operands.b, operands.offset * 4);
	}
}

static inline uint32_t random_system(struct random *random)
{
	struct operands operands = draw_operands(random);
	unsigned a = operands.a;
	switch (draw(random, 14)) {
	case 0: return insn_i(INSN_csrrs, a, 0, 0xc00);               /* cycle */
	case 1: return insn_i(INSN_csrrs, a, 0, 0xc02);               /* instret */
	case 2: return insn_i(INSN_csrrs, a, 0, 0xc01);               /* time */
	case 3: return insn_i(INSN_csrrsi, a, 2, 0x100);              /* sstatus.SIE */
	case 4: return insn_i(INSN_csrrci, a, 2, 0x100);
	case 5: return insn_i(INSN_csrrc, 0, 21, 0x100);              /* FS off */
	case 6: return insn_i(INSN_csrrs, 0, 22, 0x100);              /* FS initial */
	case 7: return insn_i(INSN_addi, 4, a, 0);                    /* tp */
	case 8: return insn_i(INSN_csrrw, 4, a, 0x140);               /* tp, sscratch */
	case 9: return insn_rows[INSN_ecall].match;
	case 10: return insn_rows[INSN_sfence_vma].match;
	case 11: return insn_rows[INSN_fence_i].match;
	case 12: return insn_r(INSN_fmv_d_x, operands.b, a, 0);
	default: return insn_rows[INSN_wfi].match;
	}
}

static inline uint32_t random_insn(struct random *random)
{
	uint64_t which = draw(random, 12);
	if (which == 0) { /* into running code */
		struct operands operands = draw_operands(random);
		return insn_s(INSN_sw, 23 + operands.a % 3, 20, operands.offset * 4);
	}
	if (which < 4)
		return random_memory(random);
	if (which < 6)
		return random_jump(random);
	return which == 6 ? random_system(random) : random_alu(random);
}

/* Counters of the model's events overflow now and then; their handler starts them anew. x28: what is counted, x30: from
 * where. */
enum { LCOFI_HANDLER = 0x180 };

/* Exceptions skip 4 bytes, wherever they come from; what leaves the body returns to its middle. Timer interrupts come
 * every 397 cycles. */
static inline void put_handlers(struct engine_world *world)
{
	PROGRAM(world, CODE + 0x100, insn_j(0, 0x40));                                  /* exceptions */
	PROGRAM(world, CODE + 0x100 + 4 * IRQ_STI, insn_i(INSN_csrrs, 31, 0, 0xc01), insn_i(INSN_addi, 31, 31, 397),
	        insn_i(INSN_csrrw, 0, 31, 0x14d), insn_rows[INSN_mret].match);
	PROGRAM(world, CODE + 0x100 + 4 * IRQ_LCOFI, insn_j(0, LCOFI_HANDLER - 0x100 - 4 * IRQ_LCOFI));
	PROGRAM(world, CODE + LCOFI_HANDLER, insn_i(INSN_csrrc, 0, 29, 0x344), insn_i(INSN_csrrw, 0, 30, 0xb03),
	        insn_i(INSN_csrrw, 0, 28, 0x323), insn_rows[INSN_mret].match);
	PROGRAM(world, CODE + 0x140, insn_i(INSN_csrrs, 31, 0, 0x341), insn_i(INSN_addi, 31, 31, 4),
	        insn_b(INSN_bltu, 31, 26, 12), insn_b(INSN_bgeu, 31, 27, 8), insn_j(0, 8), insn_i(INSN_addi, 31, 20, 0),
	        insn_i(INSN_csrrw, 0, 31, 0x341), insn_rows[INSN_mret].match);
}

/* One page table for all: the whole of DRAM onto itself, by 4 KiB pages, and nothing else. */
static inline uint64_t put_tables(struct engine_world *world)
{
	uint64_t root = DATA + 0x100000, next = root + 2 * PAGE_SIZE, pte = next >> PAGE_SHIFT << 10 | 1;
	uint64_t middle = root + PAGE_SIZE, to_middle = middle >> PAGE_SHIFT << 10 | 1;
	bus_poke(&world->machine.bus, root + (CODE >> 30) * 8, &to_middle, 8);
	for (uint64_t pa = CODE; pa < CODE + ENGINE_BYTES; pa += PAGE_SIZE) {
		uint64_t leaf = pa >> PAGE_SHIFT << 10 | 0xf; /* A and D come by hardware */
		if (pa % (2 << 20) == 0) {
			pte = next >> PAGE_SHIFT << 10 | 1;
			bus_poke(&world->machine.bus, middle + (pa >> 21 & 511) * 8, &pte, 8);
			next += PAGE_SIZE;
		}
		bus_poke(&world->machine.bus, next - PAGE_SIZE + (pa >> 12 & 511) * 8, &leaf, 8);
	}
	return root;
}

static inline void start_hart(struct engine_world *world, struct hart *hart, struct random *random, bool paged)
{
	hart->csr.mtvec = (CODE + 0x100) | 1;
	hart->csr.mie = 1 << IRQ_STI;
	hart->csr.menvcfg |= menvcfg_STCE | menvcfg_ADUE;
	hart->csr.stimecmp = 300 + 50 * hart->id;
	hart->csr.mcounteren = 7;
	hart->csr.pmpcfg0 = 0x1f;
	hart->csr.pmpaddr0 = UINT64_MAX >> 10;
	hart->pc = CODE + BODY_AT;
	hart->x[16] = DATA + PAGE_SIZE;
	hart->x[17] = DATA + 0x2100;
	hart->x[18] = DATA + 0x2140;
	hart->x[20] = CODE + BODY_AT + 4 * (BODY / 2);
	hart->x[21] = 3 << mstatus_FS_LOW;
	hart->x[22] = 1 << mstatus_FS_LOW;
	for (unsigned i = 23; i < 26; i++)
		hart->x[i] = random_alu(random);
	hart->x[26] = CODE + BODY_AT;
	hart->x[27] = CODE + BODY_AT + 4 * BODY;
	hart->csr.mstatus |= mstatus_MIE;
	if (paged)
		hart->csr.satp = UINT64_C(8) << 60 | put_tables(world) >> PAGE_SHIFT;
	enter(hart, paged ? MODE_HS : MODE_M);
}

static inline struct engine_world *random_world(uint64_t seed, unsigned harts, const char *trace_path, uint32_t events)
{
	struct random random = {seed};
	struct engine_world *world = engine_world_new(harts, trace_path, events);
	world->config.quantum = draw(&random, 2) ? 1 : 1 + draw(&random, 60);
	world->config.max_cycles = 12000;
	for (unsigned i = 0; i < BODY; i++)
		put_word(world, CODE + BODY_AT + 4 * i, random_insn(&random));
	/* and out of its end back to its middle */
	put_word(world, CODE + BODY_AT + 4 * BODY, insn_i(INSN_jalr, 0, 20, 0));
	put_handlers(world);
	for (unsigned i = 0; i < harts; i++)
		start_hart(world, &world->machine.harts[i], &random, seed & 1);
	return world;
}

#endif
