/* The long comparison of the short cuts with the integer arithmetic:  shortcuts SEED COUNT (cases of each) */
#include <stdlib.h>
#include "shortcuts.h"

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: shortcuts SEED COUNT\n");
		return 2;
	}
	unsigned long count = strtoul(argv[2], NULL, 10);
	unsigned long failed = shortcuts_differ(strtoull(argv[1], NULL, 10), count);

	printf("%lu passed, %lu failed\n", count * (sizeof shortcuts / sizeof shortcuts[0]) - failed, failed);
	return failed != 0;
}
