/* The pairs of blocks that belong to a timing model. */
#define TIMED
#include "engine/op_pair.c" /* NOLINT(bugprone-suspicious-include): the same source, for blocks with a model */
