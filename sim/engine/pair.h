/* Pairs of instructions that have one handler: pair.def. */
#ifndef PAIR_H
#define PAIR_H

#include "engine/op.h"
#include "isa/insn.h"

/* The handler of the pair in these forms (enum op_form), or NULL. */
op_fn *pair_find(uint16_t first, unsigned first_form, uint16_t second, unsigned second_form);
op_fn *pair_find_timed(uint16_t first, unsigned first_form, uint16_t second, unsigned second_form);

#endif
