/*
 * How many harts a machine can have, the real one and a guest's alike. A set of harts is a bit per hart id in 64 bits,
 * so more would need another type; a hart with a higher id is left alone.
 */
#ifndef FIRMWARE_LIB_HARTS_H
#define FIRMWARE_LIB_HARTS_H

#define HARTS_MAX 64

#endif
