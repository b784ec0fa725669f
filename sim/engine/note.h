/*
 * What instruction traces are made of: each block that is entered is noted, and each value that cannot be computed from
 * what is known already (trace/run.h). Ops that translation puts into blocks note them; they are told to the trace when
 * somebody else has something to tell, at the end of a slice, or when there is no more room.
 */
#ifndef NOTE_H
#define NOTE_H

#include "engine/block.h"
#include "trace/run.h"

/* Tracing begins: what the registers hold is where the reader's computing starts. */
void note_registers(struct hart *hart);

/* A run of notes after an instruction: note all of them; the op after them. */
const struct op *note_after(struct hart *hart, const struct op *op);

op_fn op_note_block;   /* a block is entered */
op_fn op_note_address; /* the AMO after this has its address in rs1 */
op_fn op_note_no_flags; /* before an instruction that may raise FP exceptions: fflags is put aside */
op_fn op_note_flags; /* after it: if it raised any it wrote fflags, which a csr event tells; all are together again */

/* A trap comes instead of op_note_flags. */
void note_flags_back(struct hart *hart);
op_fn op_note_x, op_note_f, op_note_memory; /* what the instruction before left in x[rd], f[rd], memory (rm: bytes) */

#endif
