/* Files for a test that vanish with it, however it ends: no directory holds them. */
#ifndef TEMPORARY_H
#define TEMPORARY_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/mman.h>

enum { TEMPORARY_PATH = 32 };

/* An empty file, open as the returned descriptor for as long as its path, which is stored, shall mean it. */
static inline int temporary(char path[TEMPORARY_PATH])
{
	int file = memfd_create("test", 0);
	cr_assert(file >= 0);
	snprintf(path, TEMPORARY_PATH, "/proc/self/fd/%d", file);
	return file;
}

#endif
