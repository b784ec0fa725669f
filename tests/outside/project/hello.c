#include "guest.h"

int main(void)
{
	print("hello: a guest of another project's hypervisor\n");
	return 0;
}
