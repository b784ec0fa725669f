/* Words and digits of texts: lists, as options have them ("percpu,worldswitch"), and hexadecimal. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>

/* A word, and the bits that it stands for: not 0. */
struct word {
	const char *name;
	uint32_t bits;
};

/* The bits of every word of a list, which commas separate; each is one of these `count`. 0; or -1 for an unknown or
 * an empty word, and *bits stays as it is. */
int words_parse(const char *list, const struct word *words, size_t count, uint32_t *bits);

/* What a hexadecimal digit stands for; -1: it is none. */
int hex_digit(char digit);

#endif
