/*
 * Starts anew again and again, as its bootargs say (a number; else 8 times): by cold and warm reboots, with both reasons,
 * from any hart, while the others run, wait, are stopped or are being started. Each time it finds everything as at the first
 * start: its own image, although it has overwritten it, its device tree, its devices, its harts, its time; and memory
 * that nothing was loaded into as it left it.
 */
#include "rt/rt.h"

const char guest_name[] = "reboot";

enum { COLD_REBOOT = 1, WARM_REBOOT = 2, REBOOTS = 8, KEPT_OFFSET = 8 << 20 };
enum { IER = 1, LCR = 3, MCR = 4, SCR = 7, UART_SOURCE = 10 };

#define PLIC UINT64_C(0xc000000)
#define MAGIC UINT64_C(0x6f7274656c6c6f73)

/* In memory beyond the image. */
struct kept {
	uint64_t magic, reboots;
	uint64_t device_tree, tree_sum;
	uint64_t begun, time; /* of the start and of the reset that ended it */
	uint64_t earlier;     /* starts whose time was before that of the reset */
};

static uint64_t initialized = 0x1234567890abcdef;
static uint64_t zeroed __attribute__((section(".noinit"))); /* by the loader alone */
static uint8_t constants[4096] __attribute__((aligned(4096))) = { 1, 2, 3 };
static volatile bool here[MAX_HARTS];

static struct kept *kept(void) { return (struct kept *)(platform.memory_base + KEPT_OFFSET); }

static uint64_t wanted_reboots(void)
{
	uint64_t number = 0;

	for (const char *digit = platform.bootargs; *digit >= '0' && *digit <= '9'; digit++)
		number = 10 * number + (uint64_t)(*digit - '0');
	return number ? number : REBOOTS;
}

static volatile uint8_t *uart(unsigned reg) { return (volatile uint8_t *)(UART_BASE + reg); }
static volatile uint32_t *plic(uint64_t offset) { return (volatile uint32_t *)(PLIC + offset); }
static uint64_t enables_of(uint64_t hart) { return 0x2000 + 0x80 * (2 * hart + 1); }

static bool is_zone(void) { return sbi(SBI_BASE, SBI_BASE_IMPL_ID, 0).value != SBI_IMPL_OPENSBI; }

static void check_memory(uint64_t start)
{
	CHECK(initialized == 0x1234567890abcdef, "start %lu: .data holds %lx", start, initialized);
	CHECK(constants[0] == 1 && constants[2] == 3 && constants[4095] == 0, "start %lu: .data is not all there", start);
	CHECK(zeroed == 0, "start %lu: .bss holds %lx", start, zeroed);
}

static void check_harts(uint64_t start)
{
	for (uint64_t i = 0; i < platform.harts; i++) {
		uint64_t id = platform.hart_id[i];

		CHECK(hart_state(id) == (id == this_hart()->id ? HSM_STARTED : HSM_STOPPED), "start %lu: hart %lu is in state %ld",
		      start, id, hart_state(id));
		CHECK(*plic(enables_of(id)) == 0, "start %lu: hart %lu has interrupts enabled", start, id);
	}
	CHECK((csr_read(sip) & IRQ_BIT(IRQ_SOFT)) == 0, "start %lu: an IPI of before is pending", start);
}

static void check_devices(uint64_t start)
{
	CHECK(*uart(SCR) == 0, "start %lu: the UART's scratch register holds %x", start, *uart(SCR));
	CHECK(*plic(4 * UART_SOURCE) == 0, "start %lu: a priority is %u", start, *plic(4 * UART_SOURCE));
	if (is_zone()) /* OpenSBI drives the UART itself, and starts in its own time */
		CHECK(*uart(IER) == 0 && *uart(LCR) == 0, "start %lu: the UART's registers are as before", start);
}

static void run_on(uint64_t hart)
{
	here[hart] = true;
	for (;;)
		zeroed++;
}

static void wait_for_ever(uint64_t hart)
{
	here[hart] = true;
	for (;;)
		__asm__ volatile("wfi");
}

static _Noreturn void reboot(uint64_t start)
{
	kept()->reboots = start + 1;
	while (time_now() < 8 * kept()->begun) /* so that the next start is surely quicker */
		relax();
	kept()->time = time_now();
	for (unsigned i = 0; i < sizeof constants; i++)
		constants[i] = 0xff;
	initialized = 0;
	struct sbi_ret ret = sbi(SBI_SRST, 0, start % 2 ? WARM_REBOOT : COLD_REBOOT, start / 2 % 2);
	guest_fail("the reboot came back with %ld", ret.error);
}

static void reboot_from_there(uint64_t start) { reboot(start); }

/* All that a start changes, and more. */
static void make_a_mess(void)
{
	*uart(SCR) = 0x42;
	*plic(4 * UART_SOURCE) = 3;
	for (uint64_t i = 0; i < platform.harts; i++)
		*plic(enables_of(platform.hart_id[i])) = 1u << UART_SOURCE;
	if (is_zone()) {
		*uart(LCR) = 3;
		*uart(IER) = 2;
	}
	sbi_set_timer(time_now() + 1000);
	csr_set(sie, IRQ_BIT(IRQ_TIMER));
	sbi(SBI_IPI, 0, 0, SBI_ALL_HARTS);
	*(volatile uint32_t *)kept()->device_tree = 0;
}

/* Another hart of each kind, and one that does not get far. */
static void start_others(uint64_t start)
{
	for (uint64_t i = 0; i < platform.harts; i++) {
		uint64_t id = platform.hart_id[i];

		if (id == this_hart()->id || (i + start) % 4 == 3)
			continue;
		CHECK(hart_start(id, i % 2 ? wait_for_ever : run_on, id) == SBI_SUCCESS, "hart %lu does not start", id);
		while (!here[id] && (i + start) % 4)
			relax();
	}
}

static void start_and_reboot(uint64_t start)
{
	uint64_t id = platform.hart_id[start % platform.harts];

	if (id == this_hart()->id) {
		start_others(start);
		make_a_mess();
		reboot(start);
	}
	make_a_mess();
	CHECK(hart_start(id, reboot_from_there, start) == SBI_SUCCESS, "hart %lu does not start", id);
	for (;;)
		relax();
}

void guest_main(void)
{
	uint64_t start = kept()->magic == MAGIC ? kept()->reboots : 0;

	uint64_t now = time_now();

	check_memory(start);
	check_harts(start);
	check_devices(start);
	if (start == 0) {
		print("reboot: the first start\n");
		*kept() = (struct kept){ .magic = MAGIC, .device_tree = (uint64_t)platform.device_tree };
	}
	kept()->begun = now;
	kept()->earlier += start && now < kept()->time;
	if (start < wanted_reboots())
		start_and_reboot(start);
	/* not each: the machine may be slow */
	CHECK(kept()->earlier || !is_zone(), "time goes on over resets");
	kept()->magic = 0;
	print("reboot: as many starts as wanted, each like the first\n");
}
