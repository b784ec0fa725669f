/* The pairs of blocks that belong to a timing model. */
#define TIMED
#include "hart/op_pair.c"
