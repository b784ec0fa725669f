/* What changed in numbers between two runs. */
#ifndef CHANGES_H
#define CHANGES_H

/* A line for each cause of VM exits whose median length, or number, is another one now, with what of the split made it so. */
void changes_print(const char *before, const char *after);

#endif
