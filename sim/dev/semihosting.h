/*
 * Semihosting: a program asks its host by `slli x0,x0,0x1f; ebreak; srai x0,x0,7`, with the call's number in a0 and its parameter
 * (mostly the address of a block of 64-bit words) in a1, and finds the answer in a0. The calls are Arm's, which RISC-V took over.
 * Output goes to the machine's console and input comes from there; time is simulated time.
 */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console;
struct semihosting;
struct state_reader;
struct state_writer;

struct semihosting_config {
	struct console *console;
	const char *folder;       /* where files are; NULL: there are none but the console's */
	const char *command_line; /* what SYS_GET_CMDLINE says */
	uint64_t heap_base, heap_limit; /* what SYS_HEAPINFO says: memory that nothing was loaded into */
	uint64_t epoch;           /* seconds since 1970 at cycle 0 */
	uint64_t cycles_per_tick; /* of mtime */
	/* The caller's memory, by its own addresses and rights. False: not all of it could be reached. */
	bool (*read)(void *caller, uint64_t va, void *bytes, size_t size);
	bool (*write)(void *caller, uint64_t va, const void *bytes, size_t size);
	/* The program exits; code 0 is success. */
	void (*exit)(void *context, uint64_t code);
	void *context;
};

/* NULL after a line on stderr. */
struct semihosting *semihosting_new(const struct semihosting_config *config);
void semihosting_free(struct semihosting *semihosting);
/* Every file is closed. */
void semihosting_reset(struct semihosting *semihosting);

/* One call at cycle `now`. False: the console has no input yet, and the call is to be made again a little later (SEMIHOSTING_TICKS). */
enum { SEMIHOSTING_TICKS = 10000 }; /* 1 ms */
bool semihosting_call(struct semihosting *semihosting, void *caller, uint64_t number, uint64_t parameter, uint64_t now,
                      uint64_t *answer);

/* How often programs have dealt with the host's files, ever: what was before the last time cannot be gone through again. */
uint64_t semihosting_touched(const struct semihosting *semihosting);

/* Its section. */
void semihosting_save(const struct semihosting *semihosting, struct state_writer *writer);
bool semihosting_restore(struct semihosting *semihosting, struct state_reader *reader);

#endif
