/* What programs that look at the board share: printing, and accesses that may fault. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

#define REG64(address) (*(volatile u64 *)(address))
#define REG32(address) (*(volatile u32 *)(address))
#define REG8(address) (*(volatile u8 *)(address))

enum { FINISHER = 0x100000, RTC = 0x101000, CLINT = 0x2000000, PLIC = 0xc000000, UART = 0x10000000 };
enum { MTIMECMP = CLINT + 0x4000, MTIME = CLINT + 0xbff8, RESET = 0x7777 };

/* Memory that nothing is loaded into. */
#define KEPT UINT64_C(0x88000000)

#define csr_read(csr) ({ u64 value_; __asm__ volatile("csrr %0, " #csr : "=r"(value_) : : "memory"); value_; })
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" : : "r"((u64)(value)) : "memory")

static inline void put(char character)
{
	while (!(REG8(UART + 5) & 0x20))
		;
	REG8(UART) = (u8)character;
}

static inline void print(const char *text)
{
	for (; *text; text++)
		put(*text);
}

static inline void print_hex(u64 value)
{
	unsigned shift = 60;
	while (shift && !(value >> shift))
		shift -= 4;
	print("0x");
	for (;; shift -= 4) {
		put("0123456789abcdef"[value >> shift & 15]);
		if (!shift)
			return;
	}
}

static inline void show(const char *name, u64 value)
{
	print(name);
	put(' ');
	print_hex(value);
	put('\n');
}

/* 1 + the cause of the hart's last trap. */
static inline volatile u64 *last_trap(void)
{
	volatile u64 *place;
	__asm__ volatile("mv %0, tp" : "=r"(place));
	return place;
}

/* Four bytes long, so that the vector can skip it. */
#define ACCESS(instruction, value, address)                                                                            \
	__asm__ volatile(".option push\n.option norvc\n" instruction " %0, 0(%1)\n.option pop"                             \
			 : "+r"(value)                                                                                \
			 : "r"(address)                                                                               \
			 : "memory")

/* 0, or 1 + the cause of the fault. */
static inline u64 load(u64 address, unsigned size, u64 *value)
{
	*last_trap() = *value = 0;
	switch (size) {
	case 1: ACCESS("lbu", *value, address); break;
	case 2: ACCESS("lhu", *value, address); break;
	case 4: ACCESS("lwu", *value, address); break;
	default: ACCESS("ld", *value, address);
	}
	return *last_trap();
}

static inline u64 store(u64 address, unsigned size, u64 value)
{
	*last_trap() = 0;
	switch (size) {
	case 1: ACCESS("sb", value, address); break;
	case 2: ACCESS("sh", value, address); break;
	case 4: ACCESS("sw", value, address); break;
	default: ACCESS("sd", value, address);
	}
	return *last_trap();
}

int main(u64 hart);

#endif
