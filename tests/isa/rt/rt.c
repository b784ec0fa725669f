#include "rt.h"

#include <stdarg.h>

enum { POOL_PAGES = 192, RULES = 400, CODE_WORDS = 68 };

struct cpu cpus[MAX_HARTS];
char stacks[MAX_HARTS][16384] __attribute__((aligned(16)));
static char pool[POOL_PAGES * 4096] __attribute__((aligned(16384)));
static unsigned pool_used;
static u32 code[MAX_HARTS][1024] __attribute__((aligned(4096))); /* a page a hart: try() puts its instructions here */
static volatile unsigned harts;

_Static_assert(sizeof(struct cpu) <= CPU_SIZE, "start.S multiplies by CPU_SIZE");
_Static_assert(offsetof(struct cpu, running) == 256 + 120, "start.S");

void rt_switch(void);

/* The compiler calls them. */
void *memset(void *to, int byte, size_t n);
void *memset(void *to, int byte, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = (char)byte;
	return to;
}

void *memcpy(void *to, const void *from, size_t n);
void *memcpy(void *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}

/* ---- results ---- */
struct rule {
	char name[72];
	unsigned checks, failures;
};
static struct rule rules[RULES];
static unsigned rule_count, lock;
static const char *context_text;
static u64 context_a, context_b;

static void put(char c)
{
	volatile unsigned char *uart = (void *)0x10000000;
	if (c == '\n')
		put('\r');
	while (!(uart[5] & 0x20))
		;
	*uart = (unsigned char)c;
}

static void put_number(u64 value, unsigned base)
{
	char text[24];
	unsigned n = 0;
	do
		text[n++] = "0123456789abcdef"[value % base];
	while (value /= base);
	while (n)
		put(text[--n]);
}

void print(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	for (; *format; format++) {
		if (*format != '%') {
			put(*format);
		} else if (*++format == 's') {
			for (const char *s = va_arg(arguments, const char *); *s; s++)
				put(*s);
		} else {
			put_number(va_arg(arguments, u64), *format == 'x' ? 16 : 10);
		}
	}
	va_end(arguments);
}

static struct rule *rule_named(const char *name, size_t length)
{
	for (unsigned i = 0; i < rule_count; i++) {
		size_t n = 0;
		while (n < length && rules[i].name[n] == name[n])
			n++;
		if (n == length && !rules[i].name[n])
			return &rules[i];
	}
	struct rule *rule = &rules[rule_count < RULES - 1 ? rule_count++ : RULES - 1];
	for (size_t i = 0; i < length && i < sizeof(rule->name) - 1; i++)
		rule->name[i] = name[i];
	return rule;
}

void context(const char *text, u64 a, u64 b)
{
	context_text = text;
	context_a = a;
	context_b = b;
}

static void report(struct rule *rule, const char *file, int line, const char *what)
{
	const struct trap *t = &this_cpu()->trap;
	print("FAIL %s %s:%d %s", rule->name, file, (u64)line, what);
	if (context_text)
		print(" (%s %x %x)", context_text, context_a, context_b);
	print("; last trap: level %d cause %x epc %x tval %x tval2 %x tinst %x a0 %x\n", (u64)t->level, t->cause, t->epc,
	      t->tval, t->tval2, t->tinst, t->x[A0]);
}

void check(const char *names, bool ok, const char *file, int line, const char *what)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		;
	while (*names) {
		size_t length = 0;
		while (names[length] && names[length] != ' ')
			length++;
		struct rule *rule = rule_named(names, length);
		rule->checks++;
		if (!ok && ++rule->failures <= 4)
			report(rule, file, line, what);
		names += length;
		while (*names == ' ')
			names++;
	}
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static _Noreturn void end(bool good)
{
	*(volatile u32 *)0x100000 = good ? 0x5555 : 1 << 16 | 0x3333;
	for (;;)
		;
}

void finish(void)
{
	bool good = rule_count > 0;
	unsigned failed = 0;
	for (unsigned i = 0; i < rule_count; i++) {
		if (rules[i].failures)
			failed++;
		else
			print("ok %s %d\n", rules[i].name, (u64)rules[i].checks);
	}
	good &= !failed;
	print("%d passed, %d failed\n", (u64)(rule_count - failed), (u64)failed);
	end(good);
}

/* ---- running code under test ---- */

/* A trap while no code under test runs: a fault of the test program itself. */
void rt_driver_trap(void);
void rt_driver_trap(void)
{
	print("FAIL driver: trap in the test itself: mcause %x mepc %x mtval %x\n", csrr(CSR_MCAUSE), csrr(CSR_MEPC),
	      csrr(CSR_MTVAL));
	end(false);
}

static bool within(u64 pc, const char *table, unsigned *vector)
{
	u64 offset = (pc & 0x3fffffff) - ((u64)table & 0x3fffffff);
	*vector = (unsigned)(offset / 4);
	return offset < 256;
}

static bool is_ecall(u64 cause)
{
	return cause >= EXC_ECALL_U && cause <= EXC_ECALL_M;
}

static bool is_done(u64 cause, u64 pc)
{
	return is_ecall(cause) && (pc & 0x3fffffff) == ((u64)rt_done & 0x3fffffff);
}

/* Which level took the trap first: its handler's ecall is what came to M-mode. */
static void classify(struct trap *t)
{
	u64 cause = csrr(CSR_MCAUSE), pc = csrr(CSR_MEPC);
	t->tval2 = t->tinst = 0;
	t->vector = 0;
	if (cause == EXC_ECALL_S && within(pc, hs_entry, &t->vector)) {
		cause = csrr(CSR_SCAUSE), pc = csrr(CSR_SEPC);
		if (!(cause == EXC_ECALL_VS && within(pc, vs_entry, &t->vector))) {
			t->level = is_done(cause, pc) ? LEVEL_NONE : LEVEL_S;
			t->cause = cause, t->epc = pc, t->tval = csrr(CSR_STVAL);
			t->tval2 = csrr(CSR_HTVAL), t->tinst = csrr(CSR_HTINST);
			return;
		}
	}
	if (cause == EXC_ECALL_VS && within(pc, vs_entry, &t->vector)) {
		cause = csrr(CSR_VSCAUSE), pc = csrr(CSR_VSEPC);
		t->level = is_done(cause, pc) ? LEVEL_NONE : LEVEL_VS;
		t->cause = cause, t->epc = pc, t->tval = csrr(CSR_VSTVAL);
		return;
	}
	t->level = is_done(cause, pc) ? LEVEL_NONE : LEVEL_M;
	t->cause = cause, t->epc = pc, t->tval = csrr(CSR_MTVAL);
	t->tval2 = csrr(CSR_MTVAL2), t->tinst = csrr(CSR_MTINST);
}

struct trap *run(enum mode mode, u64 pc, const u64 *x)
{
	struct cpu *cpu = this_cpu();
	struct trap *t = &cpu->trap;
	for (unsigned i = 0; i < 32; i++)
		cpu->x[i] = x ? x[i] : 0;
	csrw(CSR_MEPC, pc);
	csrc(CSR_MSTATUS, STATUS_MPP | STATUS_MPV | STATUS_MPIE);
	csrs(CSR_MSTATUS, (u64)(mode & 3) << 11 | (mode & 4 ? STATUS_MPV : 0));
	cpu->running = 1;
	rt_switch();
	cpu->running = 0;
	t->mstatus = csrr(CSR_MSTATUS);
	t->sstatus = csrr(CSR_SSTATUS);
	t->hstatus = csrr(CSR_HSTATUS);
	t->vsstatus = csrr(CSR_VSSTATUS);
	csrc(CSR_MSTATUS, STATUS_MPRV);
	for (unsigned i = 0; i < 32; i++)
		t->x[i] = cpu->x[i];
	classify(t);
	return t;
}

u64 address_in(enum mode mode, const void *where)
{
	u64 atp = mode & 4 ? csrr(CSR_VSATP) : csrr(CSR_SATP);
	bool alias = (mode & 3) == MODE_U && atp >> 60;
	return (u64)where + (alias ? U_ALIAS - IMAGE : 0);
}

u64 try_pc(enum mode mode)
{
	return address_in(mode, code[this_cpu()->id]);
}

static void put_halves(volatile uint16_t *at, u32 word)
{
	at[0] = (uint16_t)word;
	at[1] = (uint16_t)(word >> 16);
}

/* The end of every piece of code: jump to rt_done. lui and auipc would need a register each, so a jal. */
static u32 jump_to_done(const void *from)
{
	u32 offset = (u32)((u64)rt_done - (u64)from);
	return (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 | (offset >> 11 & 1) << 20 |
	       (offset >> 12 & 0xff) << 12 | 0x6f;
}

struct trap *try_words(enum mode mode, const u32 *words, unsigned count, const u64 *x)
{
	uint16_t *at = (uint16_t *)code[this_cpu()->id];
	for (unsigned i = 0; i < count; i++) {
		if ((words[i] & 3) == 3) {
			put_halves(at, words[i]);
			at += 2;
		} else {
			*(volatile uint16_t *)at++ = (uint16_t)words[i];
		}
	}
	put_halves(at, jump_to_done(at));
	asm volatile("fence.i" ::: "memory");
	return run(mode, try_pc(mode), x);
}

struct trap *try(enum mode mode, u32 word, u64 rs1, u64 rs2)
{
	u64 x[32] = { 0 };
	x[A1] = rs1;
	x[A2] = rs2;
	return try_words(mode, &word, 1, x);
}

struct trap *call(enum mode mode, void (*function)(void), u64 a0, u64 a1)
{
	u64 x[32] = { 0 };
	x[RA] = address_in(mode, rt_done);
	x[SP] = address_in(mode, code[this_cpu()->id] + 1024);
	x[A0] = a0;
	x[A1] = a1;
	asm volatile("fence.i" ::: "memory");
	return run(mode, address_in(mode, (void *)function), x);
}

bool csr_read(unsigned number, u64 *value)
{
	struct trap *t = try(MODE_M, CSRR(A0, number), 0, 0);
	*value = t->x[A0];
	return finished(t);
}

bool csr_write(unsigned number, u64 value)
{
	return finished(try(MODE_M, CSRW(number, A1), value, 0));
}

bool csr_exists(unsigned number)
{
	u64 value;
	return csr_read(number, &value);
}

/* ---- defaults ---- */
void delegate(u64 to_hs, u64 to_vs)
{
	csrw(CSR_MEDELEG, to_hs);
	csrw(CSR_HEDELEG, to_vs);
}

void fence_all(void)
{
	asm volatile(".word 0x12000073" ::: "memory"); /* sfence.vma */
	if (csrr(CSR_MISA) & BIT(7)) {
		asm volatile(".word 0x22000073" ::: "memory"); /* hfence.vvma */
		asm volatile(".word 0x62000073" ::: "memory"); /* hfence.gvma */
	}
}

static void reset_hypervisor(void)
{
	csrw(CSR_HSTATUS, 0);
	csrw(CSR_HIDELEG, 0);
	csrw(CSR_HIE, 0);
	csrw(CSR_HVIP, 0);
	csrw(CSR_HCOUNTEREN, ~UINT64_C(0));
	csrw(CSR_HTIMEDELTA, 0);
	csrw(CSR_HENVCFG, 0);
	csrw(CSR_HGATP, 0);
	csrw(CSR_VSATP, 0);
	csrw(CSR_VSSTATUS, STATUS_FS);
	csrw(CSR_VSIE, 0);
	csrw(CSR_VSTVEC, (u64)vs_entry);
}

static void reset_stateen(void)
{
	for (unsigned i = 0; i < 4; i++) {
		if (!csr_write(CSR_MSTATEEN0 + i, ~UINT64_C(0)))
			return;
		csr_write(CSR_HSTATEEN0 + i, ~UINT64_C(0));
		csr_write(CSR_SSTATEEN0 + i, ~UINT64_C(0));
	}
}

void reset(void)
{
	context_text = NULL;
	csrc(CSR_MSTATUS, STATUS_SIE | STATUS_MIE | STATUS_MPRV | STATUS_SUM | STATUS_MXR | STATUS_TVM | STATUS_TW | STATUS_TSR |
				  STATUS_MPIE | STATUS_SPIE | STATUS_SPP | STATUS_UBE | STATUS_SDT);
	csrc(CSR_MSTATUS, STATUS_SBE | STATUS_MBE);
	csrs(CSR_MSTATUS, STATUS_FS);
	csrw(CSR_MIE, 0);
	csrw(CSR_MIP, 0);
	csrw(CSR_MTVEC, (u64)m_entry);
	csrw(CSR_STVEC, (u64)hs_entry);
	csrw(CSR_SATP, 0);
	csrw(CSR_MIDELEG, 0xffff);
	csrw(CSR_MCOUNTEREN, ~UINT64_C(0));
	csrw(CSR_SCOUNTEREN, ~UINT64_C(0));
	csrw(CSR_MENVCFG, 0);
	csrw(CSR_SENVCFG, 0);
	csrw(CSR_PMPADDR0, ~UINT64_C(0) >> 10);
	csrw(CSR_PMPCFG0, 0x1f);
	if (csrr(CSR_MISA) & BIT(7))
		reset_hypervisor();
	csrw(CSR_MEDELEG, DELEGATE_DEFAULT);
	if (csrr(CSR_MISA) & BIT(7))
		csrw(CSR_HEDELEG, 0);
	reset_stateen();
	pool_used = 0;
	fence_all();
}

/* ---- page tables ---- */
void *page_alloc(unsigned pages)
{
	pool_used = (pool_used + pages - 1) / pages * pages;
	if (pool_used + pages > POOL_PAGES) {
		print("FAIL driver: out of pages\n");
		end(false);
	}
	u64 *page = (u64 *)(pool + pool_used * 4096);
	pool_used += pages;
	for (unsigned i = 0; i < pages * 512; i++)
		page[i] = 0;
	return page;
}

void space_new(struct space *space, int levels, bool wide, u64 window)
{
	*space = (struct space){ .levels = levels, .wide = wide, .window = window };
	if (!levels)
		return;
	space->root = (u64)page_alloc(wide ? 4 : 1);
	if (wide) {
		space_map(space, IMAGE, IMAGE, 2, PTE_ALL);
	} else {
		space_map(space, IMAGE, IMAGE, 2, PTE_S);
		space_map(space, U_ALIAS, IMAGE, 2, PTE_ALL);
	}
}

u64 *space_pte(struct space *space, u64 address, int level)
{
	u64 *table = (u64 *)space->root;
	for (int i = space->levels - 1;; i--) {
		unsigned width = i == space->levels - 1 && space->wide ? 11 : 9;
		u64 *pte = &table[address >> (12 + 9 * i) & ((1u << width) - 1)];
		if (i == level)
			return pte;
		if (!(*pte & PTE_V))
			*pte = ((u64)page_alloc(1) + space->window) >> 12 << 10 | PTE_V;
		table = (u64 *)((*pte >> 10 << 12) - space->window);
	}
}

void space_map(struct space *space, u64 address, u64 physical, int level, u64 flags)
{
	*space_pte(space, address, level) = physical >> 12 << 10 | flags;
}

u64 space_atp(const struct space *space, u64 id)
{
	if (!space->levels)
		return 0;
	return (u64)(space->levels + 5) << 60 | id << 44 | (space->root + space->window) >> 12;
}

/* The window through which a guest reads its own tables: every page of the pool, at its physical address + window. */
static void map_window(struct space *g, u64 window)
{
	for (unsigned i = 0; i < POOL_PAGES; i++)
		space_map(g, (u64)pool + window + i * 4096, (u64)pool + i * 4096, 0, PTE_ALL);
}

void guest_new(struct guest *guest, int vs_levels, int g_levels)
{
	u64 window = g_levels ? TABLE_WINDOW : 0;
	guest->pages = (u64)page_alloc(TEST_PAGES);
	space_new(&guest->g, g_levels, true, 0);
	space_new(&guest->vs, vs_levels, false, window);
	if (g_levels && vs_levels)
		map_window(&guest->g, window);
	for (unsigned i = 0; i < TEST_PAGES; i++)
		guest_map(guest, i, PTE_S, PTE_ALL);
	csrw(CSR_VSATP, space_atp(&guest->vs, 0));
	csrw(CSR_HGATP, space_atp(&guest->g, 0));
	fence_all();
}

void guest_map(struct guest *guest, unsigned page, u64 vs_flags, u64 g_flags)
{
	if (guest->vs.levels)
		space_map(&guest->vs, TEST_VA + page * 4096, guest_gpa(guest, page), 0, vs_flags);
	if (guest->g.levels)
		space_map(&guest->g, TEST_GPA + page * 4096, guest->pages + page * 4096, 0, g_flags);
	fence_all();
}

/* ---- harts ---- */
/* Harts come up in their own time: wait for a second one, and a little for the rest. */
unsigned hart_count(void)
{
	for (unsigned i = 0; i < 5000000 && __atomic_load_n(&harts, __ATOMIC_SEQ_CST) == 1; i++)
		;
	for (volatile unsigned i = 0; i < 100000; i++)
		;
	return harts;
}

void hart_start(unsigned id, void (*job)(u64), u64 argument)
{
	cpus[id].argument = argument;
	__atomic_store_n(&cpus[id].job, job, __ATOMIC_SEQ_CST);
}

void hart_wait(unsigned id)
{
	while (__atomic_load_n(&cpus[id].job, __ATOMIC_SEQ_CST))
		;
}

void rt_start(u64 id);
void rt_start(u64 id)
{
	this_cpu()->id = id;
	csrw(CSR_MTVEC, (u64)m_entry);
	csrw(CSR_MSCRATCH, (u64)this_cpu());
	__atomic_fetch_add(&harts, 1, __ATOMIC_SEQ_CST);
	if (!id) {
		main();
		finish();
	}
	for (;;) {
		void (*job)(u64) = __atomic_load_n(&cpus[id].job, __ATOMIC_SEQ_CST);
		if (!job)
			continue;
		job(cpus[id].argument);
		__atomic_store_n(&cpus[id].job, NULL, __ATOMIC_SEQ_CST);
	}
}
