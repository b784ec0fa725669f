/*
 * The PLIC's gateway, claim and completion, by the UART's transmitter interrupt: what each step shows, a line a case. A
 * machine and a hypervisor's guest must print the same. p: the source is pending; c: what a claim returns; i: whether an
 * interrupt comes.
 */
#include "rt/rt.h"

const char guest_name[] = "plic";

#define PLIC_BASE UINT64_C(0x0c000000)
#define UART_IRQ 10
#define IRQ_EXTERNAL 9

enum { IER = 1, IIR = 2, LSR = 5, IER_TRANSMIT_EMPTY = 2 };

static volatile uint32_t *plic(uint64_t offset)
{
	return (volatile uint32_t *)(PLIC_BASE + offset);
}

static uint64_t context(void)
{
	return 2 * this_hart()->id + 1;
}

static volatile uint32_t *enable(void)
{
	return plic(0x2000 + 0x80 * context());
}

static volatile uint32_t *threshold(void)
{
	return plic(0x200000 + 0x1000 * context());
}

static volatile uint32_t *claim_register(void)
{
	return plic(0x200004 + 0x1000 * context());
}

static volatile uint32_t *priority(uint32_t source)
{
	return plic(4 * source);
}

static volatile uint8_t *uart(uint64_t offset)
{
	return (volatile uint8_t *)(UART_BASE + offset);
}

/* ---- steps: each adds what it saw to the line ---- */

static char line[160];
static size_t length;

static void add(char c)
{
	if (length < sizeof(line) - 1)
		line[length++] = c;
	line[length] = '\0';
}

static void note(char what, uint32_t value)
{
	add(' ');
	add(what);
	if (value >= 10)
		add((char)('0' + value / 10 % 10));
	add((char)('0' + value % 10));
}

/* The line rises: enabling the interrupt while the transmitter is empty reports that. */
static void rise(void)
{
	*uart(IER) = 0;
	*uart(IER) = IER_TRANSMIT_EMPTY;
}

static void fall(void)
{
	*uart(IER) = 0;
}

static void pending(void)
{
	note('p', *plic(0x1000) >> UART_IRQ & 1);
}

static void claim(void)
{
	note('c', *claim_register());
}

static void complete(uint32_t source)
{
	*claim_register() = source;
}

static volatile bool interrupted;

static bool on_external(struct trap_frame *frame)
{
	if (frame->scause != CAUSE_IRQ(IRQ_EXTERNAL))
		return false;
	interrupted = true;
	csr_clear(sie, IRQ_BIT(IRQ_EXTERNAL));
	return true;
}

/* Long enough for one to come: accesses that any machine has to look at. */
static void interrupt(void)
{
	interrupted = false;
	csr_set(sie, IRQ_BIT(IRQ_EXTERNAL));
	csr_set(sstatus, SSTATUS_SIE);
	for (int i = 0; i < 16; i++)
		*uart(LSR);
	csr_clear(sstatus, SSTATUS_SIE);
	csr_clear(sie, IRQ_BIT(IRQ_EXTERNAL));
	note('i', interrupted);
}

/* As after reset: the line low, nothing pending or claimed, source 10 enabled with priority 1. */
static void begin(void)
{
	length = 0;
	fall();
	*enable() = 1 << UART_IRQ;
	*priority(UART_IRQ) = 1;
	*threshold() = 0;
	complete(UART_IRQ);
	while (*claim_register() == UART_IRQ)
		complete(UART_IRQ);
	add(':');
}

static void end(const char *name)
{
	fall();
	print("plic: %s%s\n", name, line);
}

/* ---- cases ---- */

static void gateway(void)
{
	begin();
	pending(), interrupt();
	rise(), pending(), interrupt();
	fall(), pending(), interrupt();
	claim(), pending(), claim();
	complete(UART_IRQ), pending(), claim();
	end("a level that falls before its claim");

	begin();
	rise(), claim(), pending(), interrupt();
	fall(), pending();
	complete(UART_IRQ), pending(), claim();
	end("a level that falls between claim and completion");

	begin();
	rise(), claim();
	fall(), rise(), pending(), claim(), interrupt();
	fall(), complete(UART_IRQ), pending();
	end("a level that rises again, and falls, between them");

	begin();
	rise(), claim(), *uart(IIR), pending();
	complete(UART_IRQ), pending(), claim();
	end("a driver that reads IIR between them");
}

static void high_level(void)
{
	begin();
	rise(), claim();
	complete(UART_IRQ), pending(), claim(), pending();
	fall(), complete(UART_IRQ), pending();
	end("a level that stays");
}

static void completion(void)
{
	begin();
	rise(), complete(UART_IRQ), pending(), claim();
	complete(0), complete(UART_IRQ + 1), complete(UART_IRQ | 1 << 16), fall(), rise(), pending();
	fall(), complete(UART_IRQ), pending();
	end("completions of others' claims and of none");

	begin();
	rise(), claim(), fall();
	*enable() = 0;
	complete(UART_IRQ);
	*enable() = 1 << UART_IRQ;
	rise(), pending(), claim(), fall();
	complete(UART_IRQ), rise(), pending(), claim();
	fall(), complete(UART_IRQ);
	end("a completion while it is not enabled");
}

static void masks(void)
{
	begin();
	*enable() = 0;
	rise(), pending(), claim(), interrupt();
	*enable() = 1 << UART_IRQ;
	claim(), fall(), complete(UART_IRQ), pending();
	end("not enabled, then enabled");

	begin();
	*priority(UART_IRQ) = 0;
	rise(), pending(), claim(), interrupt();
	*priority(UART_IRQ) = 7;
	claim(), fall(), complete(UART_IRQ), pending();
	end("priority 0, then 7");

	begin();
	*threshold() = 1;
	rise(), pending(), interrupt();
	*priority(UART_IRQ) = 2;
	interrupt();
	*threshold() = 7;
	interrupt();
	*threshold() = 0;
	interrupt(), claim(), fall(), complete(UART_IRQ);
	end("thresholds");

	begin();
	*threshold() = 1;
	rise(), claim(), fall(), complete(UART_IRQ), pending();
	*threshold() = 0;
	claim(), complete(UART_IRQ), pending();
	end("a claim under the threshold");
}

static void registers(void)
{
	begin();
	*priority(0) = 3, note('0', *priority(0));
	*priority(UART_IRQ) = 0xffffffff, note('a', *priority(UART_IRQ));
	*threshold() = 0xffffffff, note('t', *threshold());
	*enable() = 0xffffffff, note('e', *enable() & 1);
	*enable() = 0;
	*plic(0x1000) = 0xffffffff, pending();
	rise();
	*plic(0x1000) = 0, pending();
	fall();
	end("what registers hold");
}

void guest_main(void)
{
	this_hart()->on_trap = on_external;
	gateway();
	high_level();
	completion();
	masks();
	registers();
	begin();
	*enable() = 0;
	*priority(UART_IRQ) = 0;
}
