/* What the parts of the test machine's user space share: checks, each one line of the console, and the tasks that consist of them. */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <stddef.h>

/* Says `FAIL what: why, errno`, once; from then on the machine ends without the word that tests wait for. Any thread or process. */
bool failed(const char *what, const char *why);

/* `condition`, and a line that names it as the reason when it is false: for bool functions that are checks. */
#define REQUIRE(condition)                                                                                             \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return failed(__func__, #condition);                                                           \
	} while (0)

/* How many harts run this system. */
int cpu_count(void);

/* Has the calling thread run on `cpu` from its return on. */
bool pin_to(int cpu);

/* Waits for `pid`: the exit status, or -1 for anything but an exit. */
int exit_status(int pid);

/* A hash of `length` bytes, continued from `hash`: the same on every host. 0 to begin. */
unsigned long hash_of(unsigned long hash, const void *data, size_t length);

/* What is in file `number`, of less than `largest` bytes: the length. */
size_t content(int number, unsigned char *data, size_t largest);

/* Tasks: each is a list of checks that prints `OK name` for each that holds and returns whether all did. */
struct check {
	const char *name;
	bool (*holds)(void);
};

extern const struct check process_checks[], thread_checks[], time_checks[], fp_checks[], memory_checks[], net_checks[], rng_checks[],
	rtc_checks[], kvm_checks[];

/* The same directory tree, written by one boot and read by the next; `*again` says that the machine is to start once more. */
bool disk_task(const char *folder, bool *again);

/* Prints `OK name` for each that holds. */
bool all_hold(const struct check *check);

/* A folder of the host's that is called `share`, and the ports of a serial device. */
bool share_task(void);
bool pipe_task(void);
bool ports_task(void);

/* Every program in /selftests ends with 0. */
bool selftests_task(void);

/* Commands from the console, a line each, until `exit`. */
bool shell_task(void);

#endif
