/*
 * The ns16550a driven as a driver does, and then in every encoding a compiler could choose: a hypervisor
 * that emulates the device sees all of its loads and stores. Last, its interrupt by way of the PLIC.
 */
#include "rt/rt.h"

const char guest_name[] = "mmio";

enum uart_register { RBR = 0, THR = 0, DLL = 0, IER = 1, DLM = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };

enum {
	IER_RECEIVED = 1 << 0,
	IER_TRANSMIT_EMPTY = 1 << 1,
	IIR_NONE = 1,
	IIR_TRANSMIT_EMPTY = 2,
	IIR_ID = 0x0f,
	IIR_FIFOS = 0xc0,
	FCR_ENABLE = 1 << 0,
	FCR_CLEAR = 6,
	LCR_8N1 = 0x03,
	LCR_DLAB = 0x80,
	MCR_LOOPBACK = 1 << 4,
	LSR_DATA_READY = 1 << 0,
	LSR_TRANSMIT_HOLDING_EMPTY = 1 << 5,
	LSR_TRANSMITTER_EMPTY = 1 << 6,
};

void mmio_every_register(uint64_t uart, uint64_t results[32][2]);
void mmio_address_forms(uint64_t uart, uint64_t results[6]);
void mmio_wide(uint64_t uart, uint64_t results[8]);
void mmio_compressed(uint64_t uart, uint8_t results[32][8]);

static uint8_t uart_read(enum uart_register reg)
{
	return *(volatile uint8_t *)(UART_BASE + reg);
}

static void uart_write(enum uart_register reg, uint8_t value)
{
	*(volatile uint8_t *)(UART_BASE + reg) = value;
}

/* Text goes by the UART alone here: SBI's console may be another path to the same terminal. */
static void uart_print(const char *text)
{
	for (; *text != '\0'; text++) {
		while ((uart_read(LSR) & LSR_TRANSMIT_HOLDING_EMPTY) == 0)
			relax();
		uart_write(THR, (uint8_t)*text);
	}
	while ((uart_read(LSR) & LSR_TRANSMITTER_EMPTY) == 0)
		relax();
}

static void check_registers(void)
{
	static uint64_t results[32][2];

	mmio_every_register(UART_BASE, results);
	for (unsigned r = 0; r < 32; r++) {
		uint64_t pattern = r == 0 ? 0 : (37 * r + 0x41) & 0xff;
		uint64_t extended = (uint64_t)(int64_t)(int8_t)pattern;

		CHECK(results[r][0] == pattern, "lbu x%u gives %lx, stored %lx", r, results[r][0], pattern);
		CHECK(results[r][1] == extended, "lb x%u gives %lx, stored %lx", r, results[r][1], pattern);
	}
	uart_print("mmio: the scratch register holds through every rd and rs2, signed and not\n");
}

static void check_address_forms(void)
{
	static const uint64_t expected[6] = { 0x96, 0x96, (uint64_t)-0x6a, 0x96, 0x69, UART_BASE & 0xff };
	uint64_t results[6] = { 0 };

	mmio_address_forms(UART_BASE, results);
	for (unsigned i = 0; i < 6; i++)
		CHECK(results[i] == expected[i], "address form %u gives %lx", i, results[i]);
	uart_print("mmio: any offset reaches it, rd may be rs1\n");
}

static void check_widths(void)
{
	static const char *const what[] = { "sh", "sw", "lh", "lhu", "lw", "lwu", "sd", "ld" };
	static const uint8_t expected[] = { 0x09, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x1d, 0x1d };
	uint64_t results[8] = { 0 };

	mmio_wide(UART_BASE, results);
	for (unsigned i = 0; i < 8; i++)
		CHECK((results[i] & 0xff) == expected[i], "%s: first byte %lx", what[i], results[i] & 0xff);
	uart_print("mmio: wider loads and stores take the first byte\n");
}

static void check_compressed(void)
{
	static uint8_t results[32][8];

	mmio_compressed(UART_BASE, results);
	for (unsigned r = 1; r < 32; r++) {
		uint8_t mcr = 8 | ((r == 2 ? 17 : r) & 3), dll = 0x10 | r; /* x2 loads what x17 stored */

		if (r >= 8 && r <= 15) {
			CHECK(results[r][0] == mcr, "c.sw, c.lw x%u: %x", r, results[r][0]);
			CHECK(results[r][1] == dll, "c.sd, c.ld x%u: %x", r, results[r][1]);
		}
		CHECK(results[r][2] == mcr, "c.swsp, c.lwsp x%u: %x", r, results[r][2]);
		CHECK(r == 2 || results[r][3] == dll, "c.sdsp, c.ldsp x%u: %x", r, results[r][3]);
	}
	uart_print("mmio: so do the compressed ones, in every register\n");
}

static void check_line_control(void)
{
	uart_write(LCR, LCR_8N1);
	CHECK(uart_read(LCR) == LCR_8N1, "LCR reads %x", uart_read(LCR));
	uart_write(IER, 0);
	uart_write(LCR, LCR_8N1 | LCR_DLAB);
	CHECK(uart_read(LCR) == (LCR_8N1 | LCR_DLAB), "LCR with DLAB reads %x", uart_read(LCR));
	uart_write(DLL, 0x34);
	uart_write(DLM, 0x12);
	CHECK(uart_read(DLL) == 0x34 && uart_read(DLM) == 0x12, "the divisor does not hold");
	uart_write(DLL, 1);
	uart_write(DLM, 0);
	uart_write(LCR, LCR_8N1);
	CHECK(uart_read(IER) == 0, "IER and the divisor are one");
}

static void check_interrupt_enable(void)
{
	for (uint8_t value = 0; value < 16; value++) {
		uart_write(IER, value);
		CHECK(uart_read(IER) == value, "IER holds %x of %x", uart_read(IER), value);
	}
	uart_write(IER, 0);
	CHECK((uart_read(IIR) & IIR_ID) == IIR_NONE, "IIR has an interrupt while none is enabled");
	uart_write(IER, IER_TRANSMIT_EMPTY);
	CHECK((uart_read(IIR) & IIR_ID) == IIR_TRANSMIT_EMPTY, "IIR does not say the transmitter is empty");
	CHECK((uart_read(IIR) & IIR_ID) == IIR_NONE, "reading IIR does not end it");
	uart_write(IER, 0);
	uart_write(IER, IER_RECEIVED);
	CHECK((uart_read(IIR) & IIR_ID) == IIR_NONE, "IIR has a character from nobody");
	uart_write(IER, 0);
}

static void check_fifos(void)
{
	uart_write(FCR, FCR_ENABLE | FCR_CLEAR);
	CHECK((uart_read(IIR) & IIR_FIFOS) == IIR_FIFOS, "IIR does not show the FIFOs on");
	uart_write(FCR, 0);
	CHECK((uart_read(IIR) & IIR_FIFOS) == 0, "IIR does not show the FIFOs off");
	uart_write(FCR, FCR_ENABLE | FCR_CLEAR);
	CHECK((uart_read(LSR) & LSR_DATA_READY) == 0, "LSR has a character from nobody");
	CHECK((uart_read(LSR) & LSR_TRANSMITTER_EMPTY) != 0, "LSR: an idle transmitter is not empty");
}

/* Drivers probe with loop-back: DTR, RTS, OUT1 and OUT2 come back as DSR, CTS, RI and DCD. */
static void check_modem(void)
{
	static const uint8_t status[] = { 0x20, 0x10, 0x40, 0x80 };
	uint8_t before = uart_read(MCR);

	for (unsigned i = 0; i < 4; i++) {
		uart_write(MCR, MCR_LOOPBACK | 1u << i);
		CHECK((uart_read(MSR) & 0xf0) == status[i], "looped back, output %u shows as %x", i, uart_read(MSR));
	}
	uart_write(MCR, before);
	CHECK(uart_read(MCR) == before, "MCR does not hold");
}

/* ---- the transmitter's interrupt through the PLIC: context 2n + 1 is hart n's supervisor mode ---- */

#define PLIC_BASE UINT64_C(0x0c000000)
#define UART_IRQ 10
#define IRQ_EXTERNAL 9

static volatile uint32_t *plic(uint64_t offset)
{
	return (volatile uint32_t *)(PLIC_BASE + offset);
}

static uint64_t plic_context(void)
{
	return 2 * this_hart()->id + 1;
}

static volatile uint32_t *plic_enable(void)
{
	return plic(0x2000 + 0x80 * plic_context());
}

static volatile uint32_t *plic_threshold(void)
{
	return plic(0x200000 + 0x1000 * plic_context());
}

static volatile uint32_t *plic_claim(void)
{
	return plic(0x200004 + 0x1000 * plic_context());
}

static volatile uint32_t external_interrupts, claimed, claimed_again;

static bool on_external(struct trap_frame *frame)
{
	if (frame->scause != CAUSE_IRQ(IRQ_EXTERNAL))
		return false;
	external_interrupts = external_interrupts + 1;
	claimed = *plic_claim();
	uart_write(IER, 0);
	claimed_again = *plic_claim();
	*plic_claim() = claimed;
	return true;
}

/* Long enough for an interrupt that should not come: accesses that any machine has to look at. */
static void expect_quiet(uint32_t interrupts, const char *what)
{
	for (int i = 0; i < 16; i++)
		uart_read(LSR);
	CHECK(external_interrupts == interrupts, "%s", what);
}

/*
 * By what arrives, not by sip: QEMU 7.2 shows a guest nothing there but SSIP. It also looks again when a
 * threshold is written, not when an enable is: hence the order.
 */
static void check_interrupt(void)
{
	this_hart()->on_trap = on_external;
	*plic(4 * UART_IRQ) = 1;
	*plic_enable() = 0;
	*plic_threshold() = 0;
	csr_set(sie, IRQ_BIT(IRQ_EXTERNAL));
	csr_set(sstatus, SSTATUS_SIE);
	uart_write(IER, IER_TRANSMIT_EMPTY);
	CHECK((*plic(0x1000) & 1 << UART_IRQ) != 0, "the PLIC does not see the UART's interrupt");
	expect_quiet(0, "an interrupt came that this hart has not enabled");
	*plic_threshold() = 1;
	*plic_enable() = 1 << UART_IRQ;
	expect_quiet(0, "an interrupt came from under the threshold");
	*plic_threshold() = 0;
	while (external_interrupts == 0)
		relax();
	expect_quiet(1, "the interrupt comes again after its completion");
	csr_clear(sstatus, SSTATUS_SIE);
	CHECK(claimed == UART_IRQ && claimed_again == 0, "claimed %u, then %u", claimed, claimed_again);
	*plic_enable() = 0;
	uart_print("mmio: the UART interrupts through the PLIC\n");
}

void guest_main(void)
{
	uart_print("mmio: text through the transmit register, LSR polled\n");
	check_registers();
	check_address_forms();
	check_widths();
	check_compressed();
	check_line_control();
	check_interrupt_enable();
	check_fifos();
	check_modem();
	uart_print("mmio: LCR, divisor, IER, IIR, FCR and LSR behave\n");
	check_interrupt();
}
