/* Myers, "An O(ND) Difference Algorithm and Its Variations", 1986. */
#include "match.h"

#include <stdlib.h>

struct sequences {
	const uint64_t *a, *b;
	int a_count, b_count;
	/* Furthest i on diagonal k = i - j after d differences, for every d: row d has k from -d to d, and begins at d * d. */
	int *furthest;
};

static int *place_of(const struct sequences *sequences, int d, int k) { return &sequences->furthest[d * d + d + k]; }

/* Is diagonal k reached from the one above it, by leaving out one of b? Else one of a is. */
static bool leaves_out_b(const struct sequences *sequences, int d, int k)
{
	return k == -d || (k != d && *place_of(sequences, d - 1, k - 1) < *place_of(sequences, d - 1, k + 1));
}

/* Where diagonal k is reached with d differences, before it is followed. */
static int reach(const struct sequences *sequences, int d, int k)
{
	if (d == 0)
		return 0;
	return leaves_out_b(sequences, d, k) ? *place_of(sequences, d - 1, k + 1)
	                                     : *place_of(sequences, d - 1, k - 1) + 1;
}

/* How many differences there are. */
static int search(const struct sequences *sequences)
{
	for (int d = 0;; d++)
		for (int k = -d; k <= d; k += 2) {
			int i = reach(sequences, d, k);
			while (i < sequences->a_count && i - k < sequences->b_count &&
			       sequences->a[i] == sequences->b[i - k])
				i++;
			*place_of(sequences, d, k) = i;
			if (i >= sequences->a_count && i - k >= sequences->b_count)
				return d;
		}
}

/* From the end back to the beginning. */
static void follow_back(const struct sequences *sequences, int d, int *partners)
{
	int i = sequences->a_count, k = sequences->a_count - sequences->b_count;
	for (; d >= 0; d--) {
		for (int start = reach(sequences, d, k); i > start; i--)
			partners[i - 1] = i - 1 - k;
		if (d == 0)
			return;
		if (leaves_out_b(sequences, d, k)) {
			k++;
		} else {
			k--;
			i--;
		}
	}
}

/* Of what may be said in several ways the one in fewest pieces: partners move to those that follow them, as far as that can be. */
static void move_together(const struct sequences *sequences, int *partners)
{
	int after_i = -1, after_j = -1; /* the pair behind */
	for (int at = sequences->a_count - 1; at >= 0; at--) {
		int i = at, j = partners[at];
		if (j < 0)
			continue;
		if (after_i >= 0 && after_j - 1 > j && sequences->b[after_j - 1] == sequences->a[i])
			j = after_j - 1;
		else if (after_i - 1 > i && sequences->a[after_i - 1] == sequences->b[j])
			i = after_i - 1;
		partners[at] = -1;
		partners[i] = j;
		after_i = i;
		after_j = j;
	}
}

bool match_sequences(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count, int *partners)
{
	size_t rows = a_count + b_count + 1;
	struct sequences sequences = {a, b, (int)a_count, (int)b_count, malloc(rows * rows * sizeof(int))};
	if (!sequences.furthest)
		return false;
	for (size_t i = 0; i < a_count; i++)
		partners[i] = -1;
	follow_back(&sequences, search(&sequences), partners);
	move_together(&sequences, partners);
	free(sequences.furthest);
	return true;
}
