/*
 * The user space of the Linux boots: it does what the kernel's command line names, `task=NAME,NAME...`, says OK for every check that
 * holds, and DONE when all did, and switches the machine off. Nothing that it prints depends on how fast the machine is.
 *
 *   basic  processes, threads, clocks, floating point, memory, sockets: whatever needs no device
 *   rng    the hardware's random numbers     rtc   the clock's alarm
 *   disk   an ext4 file system on /dev/vda: written in one boot, checked in the next; `root` is that on the root file system
 *   share  a folder of the host's, by 9P     pipe  another kind of file there     ports  lines to the ports of a virtio serial device
 *   shell  commands from the console         dmesg what the kernel said
 *   kvm    a virtual machine on /dev/kvm     selftests  the kernel's programs in /selftests
 *   reboot start the machine again, without end
 */
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { SYSLOG_READ_ALL = 3, SYSLOG_CONSOLE_OFF = 6, LOG_BYTES = 1 << 18 };

bool failed(const char *what, const char *why)
{
	/* One write, so that no other process's line stands in the middle. */
	char line[256];
	int length = snprintf(line, sizeof line, "FAIL %s: %s, errno %s\n", what, why, strerror(errno));
	if (write(STDOUT_FILENO, line, length) != length)
		abort();
	return false;
}

int cpu_count(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

bool pin_to(int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof set, &set) == 0 && sched_getcpu() == cpu;
}

int exit_status(int pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* FNV-1a. */
unsigned long hash_of(unsigned long hash, const void *data, size_t length)
{
	hash = hash ? hash : UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
	return hash;
}

size_t content(int number, unsigned char *data, size_t largest)
{
	size_t length = (size_t)number * 7919 % largest;
	unsigned value = number;
	for (size_t i = 0; i < length; i++)
		data[i] = (value = value * 1103515245 + 12345) >> 16;
	return length;
}

bool all_hold(const struct check *check)
{
	bool all = true;
	for (; check->name; check++) {
		if (check->holds())
			printf("OK %s\n", check->name);
		else
			all = false;
	}
	return all;
}

/* The harts that the kernel started, those that it lists, and those it would run on are the same. */
static bool count_cpus(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	REQUIRE(file);
	int listed = 0;
	for (char line[512]; fgets(line, sizeof line, file);)
		listed += strncmp(line, "processor", 9) == 0;
	fclose(file);
	REQUIRE(listed == cpu_count());
	REQUIRE(listed == sysconf(_SC_NPROCESSORS_CONF));
	printf("OK %d cpus\n", listed);
	return true;
}

static bool basic_task(void)
{
	const struct check *parts[] = {process_checks, thread_checks, time_checks, fp_checks, memory_checks, net_checks};
	bool all = count_cpus();
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		all = all_hold(parts[i]) && all;
	return all;
}

static bool dmesg_task(void)
{
	char *log = malloc(LOG_BYTES);
	REQUIRE(log);
	int length = klogctl(SYSLOG_READ_ALL, log, LOG_BYTES);
	REQUIRE(length > 0 && length < LOG_BYTES);
	printf("DMESG\n%.*sEND OF DMESG\n", length, log);
	free(log);
	return true;
}

static bool disk_on_the_side(bool *again)
{
	mkdir("/mnt", 0755);
	REQUIRE(mount("/dev/vda", "/mnt", "ext4", 0, NULL) == 0);
	bool held = disk_task("/mnt", again);
	REQUIRE(umount("/mnt") == 0);
	return held;
}

static bool run_task(const char *name, bool *again)
{
	if (strcmp(name, "basic") == 0)
		return basic_task();
	if (strcmp(name, "rng") == 0)
		return all_hold(rng_checks);
	if (strcmp(name, "rtc") == 0)
		return all_hold(rtc_checks);
	if (strcmp(name, "disk") == 0)
		return disk_on_the_side(again);
	if (strcmp(name, "root") == 0)
		return disk_task("", again);
	if (strcmp(name, "share") == 0)
		return share_task();
	if (strcmp(name, "pipe") == 0)
		return pipe_task();
	if (strcmp(name, "ports") == 0)
		return ports_task();
	if (strcmp(name, "shell") == 0)
		return shell_task();
	if (strcmp(name, "kvm") == 0)
		return all_hold(kvm_checks);
	if (strcmp(name, "selftests") == 0)
		return selftests_task();
	if (strcmp(name, "dmesg") == 0)
		return dmesg_task();
	if (strcmp(name, "reboot") == 0)
		return *again = true;
	errno = EINVAL;
	return failed(name, "no such task");
}

/* What was written reaches the disk, and its file system is marked clean. */
static bool leave_disks(void)
{
	sync();
	if (getenv("task") && strstr(getenv("task"), "root"))
		REQUIRE(mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	return true;
}

int main(int count, char **arguments)
{
	if (count > 1) /* a check of its own: what exec passes on comes back as the exit status */
		return atoi(arguments[1]) + (getenv("more") ? atoi(getenv("more")) : 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	klogctl(SYSLOG_CONSOLE_OFF, NULL, 0); /* another hart's message would stand in the middle of a line */
	const char *const places[][2] = {{"/proc", "proc"}, {"/sys", "sysfs"}, {"/dev", "devtmpfs"}, {"/tmp", "tmpfs"}};
	bool held = true, again = false;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		mkdir(places[i][0], 0755);
		if (mount(places[i][1], places[i][0], places[i][1], 0, NULL) && errno != EBUSY)
			held = failed(places[i][0], "mount");
	}
	char *tasks = getenv("task") ? strdup(getenv("task")) : NULL; /* the kernel hands on the words of its command line that it does not know */
	char *rest = tasks;
	for (char *name; tasks && (name = strsep(&rest, ","));)
		held = run_task(name, &again) && held;
	held = leave_disks() && held;
	puts(!held ? "This machine failed." : again ? "REBOOT" : "DONE");
	tcdrain(STDOUT_FILENO);
	reboot(held && again ? RB_AUTOBOOT : RB_POWER_OFF);
	return 1;
}
