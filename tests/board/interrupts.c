/*
 * When the PLIC has a source pending: the wire rises, falls, is raised again, stays high when its interrupt is completed.
 * The UART drives it (transmitter empty, received in loopback). What is seen is kept and printed at the end, for printing
 * would write to the UART.
 */
#include "board.h"

enum { SOURCE = 10, PRIORITY = PLIC + 4 * SOURCE, PENDING = PLIC + 0x1000, ENABLE = PLIC + 0x2000, CLAIM = PLIC + 0x200004 };
enum { THR = UART, IER = UART + 1, IIR = UART + 2, FCR = UART + 2, MCR = UART + 4, LSR = UART + 5, MSR = UART + 6 };

static struct {
	const char *what;
	u64 pending, waiting;
} seen[80];
static unsigned count;

/* Pending in the PLIC, and the hart's wire. */
static void look(const char *what)
{
	seen[count].what = what;
	seen[count].pending = REG32(PENDING) >> SOURCE & 1;
	seen[count++].waiting = csr_read(mip) >> 11 & 1;
}

static void claim(const char *what)
{
	seen[count].what = what;
	seen[count].pending = REG32(CLAIM);
	seen[count++].waiting = csr_read(mip) >> 11 & 1;
}

static void complete(const char *what)
{
	REG32(CLAIM) = SOURCE;
	look(what);
}

/* A driver that looks at the line status alone leaves "transmitter empty" standing. */
static void transmitter(void)
{
	look("begin");
	REG8(IER) = 2;
	look("transmitter interrupts on");
	claim("claim");
	look("claimed");
	(void)REG8(LSR);
	(void)REG8(IER);
	(void)REG8(MCR);
	(void)REG8(MSR);
	look("registers read");
	complete("complete, still high");
	claim("claim, still high");
	(void)REG8(LSR);
	look("line status read");
	REG8(IER) = 2;
	look("interrupts on as before");
	REG8(THR) = '\n';
	look("written");
	claim("claim");
	REG8(THR) = '\n';
	look("written while claimed");
	complete("complete");
	claim("claim");
	(void)REG8(IIR);
	look("identified");
	complete("complete, low");
	claim("claim, low");
}

/* Each byte that comes, and each that is taken while there are more. */
static void receiver(void)
{
	REG8(FCR) = 7;
	REG8(MCR) = 0x10;
	REG8(IER) = 1;
	look("receiver interrupts on");
	REG8(THR) = 'a';
	look("received");
	claim("claim");
	REG8(THR) = 'b';
	REG8(THR) = 'c';
	look("received while claimed");
	complete("complete");
	claim("claim");
	complete("complete, none taken");
	claim("claim, none taken");
	(void)REG8(THR);
	look("taken, more there");
	claim("claim");
	complete("complete, none taken");
	(void)REG8(THR);
	(void)REG8(THR);
	look("all taken");
	claim("claim, none left");
	complete("complete, none left");
	REG8(MCR) = 8;
}

/* Falls while it is served, and while it is not enabled. */
static void masked(void)
{
	REG8(IER) = 2;
	claim("claim");
	REG8(IER) = 0;
	look("off while claimed");
	complete("complete");
	REG8(IER) = 2;
	claim("claim");
	REG32(ENABLE) = 0;
	look("disabled while claimed");
	REG8(THR) = '\n';
	look("written while disabled");
	REG32(ENABLE) = 1 << SOURCE;
	complete("enabled and complete");
	claim("claim");
	complete("complete, still high");
	REG8(THR) = '\n';
	look("written");
	REG32(PRIORITY) = 0;
	look("priority 0");
	claim("claim at priority 0");
	REG32(PRIORITY) = 1;
	claim("claim");
	(void)REG8(IIR);
	complete("complete");
}

int main(u64 hart)
{
	if (hart != 0)
		for (;;)
			;
	REG8(MCR) = 8;
	REG8(IER) = 0;
	REG32(PRIORITY) = 1;
	REG32(ENABLE) = 1 << SOURCE;
	transmitter();
	receiver();
	masked();
	REG8(IER) = 0;
	for (unsigned i = 0; i < count; i++) {
		print(seen[i].what);
		print(": ");
		print_hex(seen[i].pending);
		print(seen[i].waiting ? " waiting\n" : "\n");
	}
	REG32(FINISHER) = 0x5555;
	return 0;
}
