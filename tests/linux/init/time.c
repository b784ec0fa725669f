/* Clocks and timers: nothing ends early, everything ends, and clocks agree with one another. The real-time clock's alarm. */
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MILLISECOND 1000000L
#define SECOND 1000000000L

static long now(clockid_t clock)
{
	struct timespec time;
	return clock_gettime(clock, &time) == 0 ? time.tv_sec * SECOND + time.tv_nsec : -1;
}

/* On every hart, for clocks go by the hart that reads them and each has a timer of its own. */
static bool sleep_everywhere(void)
{
	long last = now(CLOCK_MONOTONIC);
	for (int cpu = 0; cpu < cpu_count(); cpu++) {
		REQUIRE(pin_to(cpu));
		for (long length = 1000; length <= 10 * MILLISECOND; length *= 10) {
			struct timespec wanted = {.tv_nsec = length};
			REQUIRE(nanosleep(&wanted, NULL) == 0);
			long end = now(CLOCK_MONOTONIC);
			REQUIRE(end - last >= length);
			last = end;
		}
		struct timespec until = {.tv_sec = (last + MILLISECOND) / SECOND, .tv_nsec = (last + MILLISECOND) % SECOND};
		REQUIRE(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
		REQUIRE(now(CLOCK_MONOTONIC) >= last + MILLISECOND);
	}
	return true;
}

static bool clocks(void)
{
	long real = now(CLOCK_REALTIME), monotonic = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
	while (now(CLOCK_MONOTONIC) < monotonic + 5 * MILLISECOND)
		;
	REQUIRE(now(CLOCK_REALTIME) - real >= 4 * MILLISECOND);
	REQUIRE(now(CLOCK_PROCESS_CPUTIME_ID) > used);
	REQUIRE(now(CLOCK_BOOTTIME) >= monotonic);
	struct timespec resolution;
	REQUIRE(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_nsec == 1);
	return true;
}

static bool timer_file(void)
{
	int file = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec every = {.it_interval.tv_nsec = 3 * MILLISECOND, .it_value.tv_nsec = 3 * MILLISECOND};
	struct pollfd wait = {.fd = file, .events = POLLIN};
	uint64_t count, total = 0;
	REQUIRE(file >= 0);
	REQUIRE(read(file, &count, sizeof count) == -1 && errno == EAGAIN);
	long start = now(CLOCK_MONOTONIC);
	REQUIRE(timerfd_settime(file, 0, &every, NULL) == 0);
	while (total < 5) {
		REQUIRE(poll(&wait, 1, -1) == 1);
		REQUIRE(read(file, &count, sizeof count) == sizeof count);
		total += count;
	}
	REQUIRE(now(CLOCK_MONOTONIC) - start >= (long)total * 3 * MILLISECOND);
	close(file);
	return true;
}

static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
	ticks++;
}

/* ITIMER_REAL runs while the process sleeps, ITIMER_VIRTUAL and ITIMER_PROF while it computes. */
static bool interval_timers(void)
{
	const struct {
		int timer, signal;
	} kinds[] = {{ITIMER_REAL, SIGALRM}, {ITIMER_VIRTUAL, SIGVTALRM}, {ITIMER_PROF, SIGPROF}};
	const struct itimerval every = {.it_interval.tv_usec = 2000, .it_value.tv_usec = 2000}, never = {};
	for (int i = 0; i < 3; i++) {
		ticks = 0;
		signal(kinds[i].signal, on_tick);
		REQUIRE(setitimer(kinds[i].timer, &every, NULL) == 0);
		while (ticks < 4) {
			if (kinds[i].timer == ITIMER_REAL)
				pause();
		}
		REQUIRE(setitimer(kinds[i].timer, &never, NULL) == 0);
		signal(kinds[i].signal, SIG_DFL);
	}
	return true;
}

static bool posix_timer(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	const struct itimerspec once = {.it_value.tv_nsec = 2 * MILLISECOND};
	sigset_t set;
	siginfo_t info;
	timer_t timer;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &once, NULL) == 0);
	REQUIRE(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_code == SI_TIMER && info.si_overrun == 0);
	REQUIRE(timer_delete(timer) == 0);
	return true;
}

const struct check time_checks[] = {
	{"sleep", sleep_everywhere},	      {"clocks", clocks},	    {"timerfd", timer_file},
	{"interval timers", interval_timers}, {"posix timer", posix_timer}, {NULL, NULL},
};

static time_t seconds_of(const struct rtc_time *time)
{
	struct tm broken = {.tm_sec = time->tm_sec, .tm_min = time->tm_min,   .tm_hour = time->tm_hour,
			    .tm_mday = time->tm_mday, .tm_mon = time->tm_mon, .tm_year = time->tm_year};
	return timegm(&broken);
}

/* The kernel set its clock by this one; its alarm is an interrupt, and does not come early. */
static bool alarm_clock(void)
{
	struct rtc_time time;
	unsigned long events;
	int file = open("/dev/rtc0", O_RDONLY);
	REQUIRE(file >= 0 && ioctl(file, RTC_RD_TIME, &time) == 0);
	time_t start = seconds_of(&time), end = start + 2;
	REQUIRE(labs(start - now(CLOCK_REALTIME) / SECOND) <= 2);
	struct tm *broken = gmtime(&end);
	struct rtc_wkalrm alarm = {.enabled = 1,
				   .time = {.tm_sec = broken->tm_sec, .tm_min = broken->tm_min, .tm_hour = broken->tm_hour,
					    .tm_mday = broken->tm_mday, .tm_mon = broken->tm_mon, .tm_year = broken->tm_year}};
	REQUIRE(ioctl(file, RTC_WKALM_SET, &alarm) == 0);
	REQUIRE(read(file, &events, sizeof events) == sizeof events && (events & RTC_AF));
	REQUIRE(ioctl(file, RTC_RD_TIME, &time) == 0 && seconds_of(&time) >= end);
	close(file);
	return true;
}

const struct check rtc_checks[] = {{"alarm", alarm_clock}, {NULL, NULL}};
