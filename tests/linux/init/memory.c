/* Memory: pages that processes share until one writes, mappings and their rights, files behind them. */
#include "init.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 2048 };

static void mark(unsigned long *pages, int first, int step, unsigned long value)
{
	for (int i = first; i < PAGES; i += step)
		pages[i * (PAGE / 8) + i % (PAGE / 8)] = value + i;
}

static bool marked(const unsigned long *pages, int first, int step, unsigned long value)
{
	for (int i = first; i < PAGES; i += step) {
		if (pages[i * (PAGE / 8) + i % (PAGE / 8)] != value + i)
			return false;
	}
	return true;
}

/* A child writes every other page that it inherited: its parent's stay what they were, and the other way round. */
static bool copy_on_write(void)
{
	unsigned long *pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(pages != MAP_FAILED);
	mark(pages, 0, 1, 1000000);
	int ready[2];
	char byte;
	REQUIRE(pipe(ready) == 0);
	pid_t child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		mark(pages, 0, 2, 2000000);
		close(ready[1]);
		bool right = read(ready[0], &byte, 1) == 0 && marked(pages, 0, 2, 2000000) && marked(pages, 1, 2, 1000000);
		_exit(right ? 0 : 1);
	}
	mark(pages, 1, 4, 3000000);
	close(ready[0]);
	close(ready[1]);
	REQUIRE(exit_status(child) == 0);
	REQUIRE(marked(pages, 0, 2, 1000000) && marked(pages, 1, 4, 3000000) && marked(pages, 3, 4, 1000000));
	REQUIRE(munmap(pages, PAGES * PAGE) == 0);
	return true;
}

static bool shared(void)
{
	unsigned long *pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(pages != MAP_FAILED);
	pid_t child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		mark(pages, 0, 1, 4000000);
		_exit(0);
	}
	REQUIRE(exit_status(child) == 0 && marked(pages, 0, 1, 4000000));
	unsigned long *moved = mremap(pages, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)pages - (1L << 32));
	REQUIRE(moved == (void *)((char *)pages - (1L << 32)) && marked(moved, 0, 1, 4000000));
	REQUIRE(munmap(moved, PAGES * PAGE) == 0);
	return true;
}

static sigjmp_buf before_fault;

static void on_fault(int number)
{
	siglongjmp(before_fault, number);
}

/* Whether reading or writing the byte at `at` faults. */
static bool faults(volatile char *at, bool write)
{
	if (sigsetjmp(before_fault, 1))
		return true;
	char byte = *at;
	if (write)
		*at = byte;
	return false;
}

static bool rights(void)
{
	signal(SIGSEGV, on_fault);
	char *page = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(page != MAP_FAILED && !faults(page, true));
	REQUIRE(mprotect(page + PAGE, PAGE, PROT_READ) == 0);
	REQUIRE(!faults(page, true) && !faults(page + PAGE, false) && faults(page + PAGE, true) && !faults(page + 2 * PAGE, true));
	REQUIRE(mprotect(page + PAGE, PAGE, PROT_NONE) == 0);
	REQUIRE(faults(page + PAGE, false));
	REQUIRE(mprotect(page + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	REQUIRE(!faults(page + PAGE, true));
	REQUIRE(munmap(page, 3 * PAGE) == 0 && faults(page, false));
	signal(SIGSEGV, SIG_DFL);
	return true;
}

/* A file's bytes are those of its mapping, whoever writes. */
static bool mapped_file(void)
{
	int file = open("/tmp/mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);
	REQUIRE(file >= 0 && ftruncate(file, 4 * PAGE) == 0);
	char *mapping = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), read_back[10];
	REQUIRE(mapping != MAP_FAILED);
	memcpy(mapping + 2 * PAGE - 5, "0123456789", 10);
	REQUIRE(pread(file, read_back, 10, 2 * PAGE - 5) == 10 && memcmp(read_back, "0123456789", 10) == 0);
	REQUIRE(pwrite(file, "abc", 3, PAGE) == 3 && memcmp(mapping + PAGE, "abc", 3) == 0);
	REQUIRE(munmap(mapping, 4 * PAGE) == 0 && close(file) == 0 && unlink("/tmp/mapped") == 0);
	return true;
}

const struct check memory_checks[] = {
	{"copy on write", copy_on_write}, {"shared memory", shared}, {"rights", rights}, {"mapped file", mapped_file}, {NULL, NULL},
};
