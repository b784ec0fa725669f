/* What words of the command line hold: numbers, sizes, lists; and what is wrong with them. */
#ifndef VALUES_H
#define VALUES_H

#include "cli/options.h"

#define MIB (UINT64_C(1) << 20)

/* One line on stderr. Always -1. */
int bad(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The whole text, a number from low to high. */
bool number_between(const char *text, uint64_t low, uint64_t high, uint64_t *value);

/* on, yes, true; off, no, false. */
bool switch_value(const char *text, bool *on);

/* Room for all that words can leave behind: each is kept once at most, and each makes one guest or pattern at most. 0, or -1 after a
 * line. */
int options_room(struct options *options, int argc, char **argv);

/* A copy that lives as long as the options. */
char *keep_text(struct options *options, const char *text);

/* The next word of config.command. */
void keep_word(struct options *options, const char *word);
/* Likewise the name of an option, with its dashes. */
void keep_option(struct options *options, const char *name);

/* Cut the next item off a comma-separated list, in place; ",," is a comma. NULL at the end. */
char *next_item(char **list);

/* Split "key=value"; the value is NULL when there is no '='. */
char *cut_value(char *item);

#endif
