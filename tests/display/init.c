/*
 * The user space of a Linux with a screen: loads the modules that it takes, shows some lines on the first virtual terminal, and tells the
 * console what is typed there and what comes from input devices. `scroll` writes many lines, `quit` switches the machine off.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <linux/input.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEVICES = 8, PATIENCE = 500 /* times 20 ms */, SCROLLED = 3000 };

static void end(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void fail(const char *what)
{
	printf("FAIL %s: %s\n", what, strerror(errno));
	end();
}

static void load_modules(void)
{
	static const char *const names[] = {"virtio_mmio", "drm",        "drm_kms_helper", "drm_shmem_helper",
	                                    "virtio_dma_buf", "virtio-gpu", "virtio_input",   "evdev"};
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64];
		snprintf(path, sizeof(path), "/modules/%s.ko", names[i]);
		int file = open(path, O_RDONLY);
		if (file < 0 || syscall(SYS_finit_module, file, "", 0) != 0)
			fail(path);
		close(file);
	}
}

/* Opens it when it is there. */
static int wait_for(const char *path, int flags)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		int file = open(path, flags);
		if (file >= 0)
			return file;
		usleep(20000);
	}
	fail(path);
	return -1;
}

static void tell_framebuffer(void)
{
	struct fb_var_screeninfo screen;
	struct fb_fix_screeninfo fixed;
	int file = wait_for("/dev/fb0", O_RDWR);
	if (ioctl(file, FBIOGET_VSCREENINFO, &screen) != 0 || ioctl(file, FBIOGET_FSCREENINFO, &fixed) != 0)
		fail("fb0");
	printf("fb0 %ux%u %u bits %s\n", screen.xres, screen.yres, screen.bits_per_pixel, fixed.id);
	close(file);
}

/* Where input devices are: their names and files. */
static unsigned open_inputs(struct pollfd files[DEVICES], const char *only)
{
	unsigned count = 0;
	for (unsigned i = 0; i < DEVICES; i++) {
		char path[32], name[64] = "";
		snprintf(path, sizeof(path), "/dev/input/event%u", i);
		int file = open(path, O_RDONLY | O_NONBLOCK);
		if (file < 0)
			continue;
		ioctl(file, EVIOCGNAME(sizeof(name)), name);
		printf("input %s\n", name);
		if (only && strstr(name, only))
			files[count++] = (struct pollfd){.fd = file, .events = POLLIN};
	}
	return count;
}

static void tell_events(int file)
{
	struct input_event event;
	while (read(file, &event, sizeof(event)) == sizeof(event))
		printf("event %u %u %d\n", event.type, event.code, event.value);
}

static void obey_line(int terminal, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	printf("typed: %s\n", line);
	dprintf(terminal, "so you typed: %s\n", line);
	for (unsigned i = 0; strcmp(line, "scroll") == 0 && i < SCROLLED; i++)
		dprintf(terminal, "%u: the quick brown fox jumps over the lazy dog, and the dog goes on sleeping as dogs do\n", i);
	if (strcmp(line, "scroll") == 0)
		printf("scrolled\n");
	if (strcmp(line, "quit") == 0)
		end();
}

int main(void)
{
	struct pollfd files[1 + DEVICES];
	char line[256];
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) != 0 && errno != EBUSY)
		fail("/dev");
	if (mount("proc", "/proc", "proc", 0, NULL) != 0 || mount("sysfs", "/sys", "sysfs", 0, NULL) != 0)
		fail("/proc, /sys");
	load_modules();
	tell_framebuffer();
	int terminal = wait_for("/dev/tty1", O_RDWR);
	/* no cursor, so that a picture is the same whenever it is taken; a clean screen, and some colours */
	dprintf(terminal, "\033[?25l\033[2J\033[Hrvsim: Linux's console on virtio-gpu\n\n");
	for (unsigned i = 0; i < 16; i++)
		dprintf(terminal, "\033[%u;%um colour %2u \033[0m%s", i / 8, 30 + i % 8, i, i % 4 == 3 ? "\n" : "");
	dprintf(terminal, "\nType a line; `quit` ends the machine.\n");
	files[0] = (struct pollfd){.fd = terminal, .events = POLLIN};
	unsigned count = 1 + open_inputs(files + 1, getenv("only"));
	printf("ready\n");
	for (;;) {
		if (poll(files, count, -1) < 0)
			fail("poll");
		if (files[0].revents) {
			ssize_t size = read(terminal, line, sizeof(line) - 1);
			if (size <= 0)
				fail("tty1");
			line[size] = '\0';
			obey_line(terminal, line);
		}
		for (unsigned i = 1; i < count; i++)
			if (files[i].revents)
				tell_events(files[i].fd);
	}
}
