/* What a machine can have at most. */
#ifndef LIMITS_H
#define LIMITS_H

/* Sets of harts are 64-bit numbers, in --cpus= of guests as in the device tree. */
enum { HARTS_MAX = 64 };

#endif
