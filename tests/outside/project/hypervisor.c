/*
 * A guest lies at 0x80400000, two megabytes that are all it has. It asks for things by ecall (a7: what), and believes in a UART at
 * 0x10000000, whose accesses trap here and are carried out.
 */
#include <stdint.h>

enum { ECALL = 10, LOAD_FAULT = 21, STORE_FAULT = 23 };
enum { CALL_PUTCHAR, CALL_EXIT, CALL_COUNT };
enum { A0 = 10, A1 = 11, A7 = 17 };

#define GUEST 0x80400000ul
#define UART ((volatile uint8_t *)0x10000000)
#define FINISHER ((volatile uint32_t *)0x100000)
#define CSR(name) ({ uint64_t value; __asm__ volatile("csrr %0, " #name : "=r"(value)); value; })
#define SET_CSR(name, value) __asm__ volatile("csrw " #name ", %0" : : "r"((uint64_t)(value)))

void enter_guest(uint64_t *x);

static uint64_t registers[33]; /* 0: pc; 32: the hypervisor's stack */
static uint64_t exits;
static uint64_t root[2048] __attribute__((aligned(16384))); /* Sv39x4 */
static uint64_t level1[512] __attribute__((aligned(4096)));

static void put(char c)
{
	while (!(UART[5] & 0x20))
		;
	*UART = (uint8_t)c;
}

static void print(const char *text)
{
	while (*text)
		put(*text++);
}

static void print_hex(uint64_t value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		put("0123456789abcdef"[value >> shift & 15]);
}

static void finish(unsigned code)
{
	*FINISHER = code ? 0x3333 | code << 16 : 0x5555;
	for (;;)
		;
}

static void map_guest(void)
{
	level1[GUEST >> 21 & 511] = GUEST >> 12 << 10 | 0xdf; /* V R W X U A D */
	root[GUEST >> 30] = (uint64_t)level1 >> 12 << 10 | 1;
	SET_CSR(hgatp, 8ul << 60 | 1ul << 44 | (uint64_t)root >> 12);
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0"); /* hfence.gvma */
}

static void serve_call(void)
{
	registers[0] += 4;
	switch (registers[A7]) {
	case CALL_PUTCHAR: put((char)registers[A0]); break;
	case CALL_EXIT:
		print("hypervisor: the guest ended with ");
		print_hex(registers[A0]);
		put('\n');
		finish((unsigned)registers[A0]);
		break;
	case CALL_COUNT: registers[A0] = exits; break;
	default:
		print("hypervisor: no such call\n");
		finish(99);
	}
}

/* htinst has the access: a load or store of a byte, with its register; bit 1 is clear where the instruction was compressed. */
static void serve_uart(uint64_t address, int store)
{
	uint32_t instruction = (uint32_t)CSR(htinst);
	unsigned rd = instruction >> 7 & 31, rs2 = instruction >> 20 & 31;
	if (address < 0x10000000 || address > 0x10000007 || (instruction >> 12 & 3) != 0) {
		print("hypervisor: the guest may not touch ");
		print_hex(address);
		put('\n');
		finish(98);
	}
	if (store)
		UART[address & 7] = rs2 ? (uint8_t)registers[rs2] : 0;
	else if (rd)
		registers[rd] = UART[address & 7];
	registers[0] += instruction & 2 ? 4 : 2;
}

void hypervisor(void)
{
	print("hypervisor: begins\n");
	map_guest();
	registers[0] = GUEST;
	for (;;) {
		enter_guest(registers);
		exits++;
		uint64_t cause = CSR(scause), address = CSR(htval) << 2 | (CSR(stval) & 3);
		if (cause == ECALL) {
			serve_call();
		} else if (cause == LOAD_FAULT || cause == STORE_FAULT) {
			serve_uart(address, cause == STORE_FAULT);
		} else {
			print("hypervisor: unexpected cause ");
			print_hex(cause);
			put('\n');
			finish(97);
		}
	}
}
