/*
 * Pairs of instructions that have one handler: PAIRS(PAIR) makes PAIR(kind, first, kind, second) of each, a kind being
 * the prefix of the body in op_body.h. What compilers emit most, as counted over the benchmarks, the firmware and its
 * guests.
 */
#ifndef PAIR_H
#define PAIR_H

#include "isa/insn.h"
#include "engine/op.h"

#define VALUES(X, ...)                                                                                               \
	X(VALUE, addi, __VA_ARGS__) X(VALUE, add, __VA_ARGS__) X(VALUE, sub, __VA_ARGS__) X(VALUE, slli, __VA_ARGS__) \
	X(VALUE, srli, __VA_ARGS__) X(VALUE, xor, __VA_ARGS__) X(VALUE, and, __VA_ARGS__) X(VALUE, or, __VA_ARGS__)  \
	X(VALUE, andi, __VA_ARGS__) X(VALUE, addiw, __VA_ARGS__) X(VALUE, addw, __VA_ARGS__)
#define LOADS(X, ...)                                                                                                \
	X(LOAD, ld, __VA_ARGS__) X(LOAD, lw, __VA_ARGS__) X(LOAD, lbu, __VA_ARGS__)
#define STORES(X, ...) X(STORE, sd, __VA_ARGS__) X(STORE, sw, __VA_ARGS__) X(STORE, sb, __VA_ARGS__)

#define WITH_VALUES(K, one, PAIR)                                                                                    \
	PAIR(K, one, VALUE, addi) PAIR(K, one, VALUE, add) PAIR(K, one, VALUE, sub) PAIR(K, one, VALUE, slli)        \
	PAIR(K, one, VALUE, srli) PAIR(K, one, VALUE, xor) PAIR(K, one, VALUE, and) PAIR(K, one, VALUE, or)          \
	PAIR(K, one, VALUE, andi) PAIR(K, one, VALUE, addiw) PAIR(K, one, VALUE, addw)
#define WITH_LOADS(K, one, PAIR) PAIR(K, one, LOAD, ld) PAIR(K, one, LOAD, lw) PAIR(K, one, LOAD, lbu)
#define WITH_STORES(K, one, PAIR) PAIR(K, one, STORE, sd) PAIR(K, one, STORE, sw) PAIR(K, one, STORE, sb)
#define WITH_BRANCHES(K, one, PAIR)                                                                                  \
	PAIR(K, one, BRANCH, beq) PAIR(K, one, BRANCH, bne) PAIR(K, one, BRANCH, blt) PAIR(K, one, BRANCH, bge)      \
	PAIR(K, one, BRANCH, bltu) PAIR(K, one, BRANCH, bgeu)

#define VALUE_PAIRS(PAIR)                                                                                            \
	VALUES(WITH_VALUES, PAIR)                                                                                    \
	PAIR(VALUE, lui, VALUE, addi) PAIR(VALUE, lui, VALUE, addiw) PAIR(VALUE, auipc, VALUE, addi)                 \
	PAIR(VALUE, addi, VALUE, mul) PAIR(VALUE, addi, VALUE, mulw) PAIR(VALUE, mul, VALUE, add) PAIR(VALUE, mulw, VALUE, addw) \
	PAIR(VALUE, slliw, VALUE, addw) PAIR(VALUE, slliw, VALUE, or) PAIR(VALUE, addi, VALUE, slliw) PAIR(VALUE, addi, VALUE, srliw)
#define MEMORY_PAIRS(PAIR)                                                                                           \
	VALUES(WITH_LOADS, PAIR) VALUES(WITH_STORES, PAIR) LOADS(WITH_VALUES, PAIR) STORES(WITH_VALUES, PAIR)        \
	PAIR(VALUE, auipc, LOAD, ld) PAIR(VALUE, lui, LOAD, lw) PAIR(LOAD, lh, VALUE, addi) PAIR(LOAD, lh, LOAD, lh) \
	PAIR(LOAD, ld, LOAD, ld) PAIR(LOAD, lw, LOAD, lw) PAIR(LOAD, lbu, LOAD, lbu) PAIR(LOAD, ld, STORE, sd)       \
	PAIR(LOAD, lw, STORE, sw) PAIR(STORE, sd, STORE, sd) PAIR(STORE, sw, STORE, sw) PAIR(STORE, sd, LOAD, ld)
#define BRANCH_PAIRS(PAIR) VALUES(WITH_BRANCHES, PAIR) LOADS(WITH_BRANCHES, PAIR) STORES(WITH_BRANCHES, PAIR)

/* All that occur in pairs. */
#define MEMBERS(X)                                                                                                   \
	X(addi) X(add) X(sub) X(slli) X(srli) X(xor) X(and) X(or) X(andi) X(addiw) X(addw) X(lui) X(auipc) X(mul) X(mulw) \
	X(slliw) X(srliw) X(ld) X(lw) X(lbu) X(lh) X(sd) X(sw) X(sb) X(beq) X(bne) X(blt) X(bge) X(bltu) X(bgeu)
#define PLACE(name) PLACE_##name,
#define PLACE_OF(name) [INSN_##name] = PLACE_##name,

/* The handler of the pair in these forms (enum op_form), or NULL. */
op_fn *pair_find(uint16_t first, unsigned first_form, uint16_t second, unsigned second_form);
op_fn *pair_find_timed(uint16_t first, unsigned first_form, uint16_t second, unsigned second_form);

#endif
