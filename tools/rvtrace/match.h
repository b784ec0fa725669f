/* The longest common subsequence of two short sequences. */
#ifndef MATCH_H
#define MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* partners[i]: which of b belongs to a[i]; -1: none. False: no memory, of which it needs as much as there are pairs. */
bool match_sequences(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count, int *partners);

#endif
