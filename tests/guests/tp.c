/*
 * Registers over VM exits: every vCPU at once fills all of its registers with patterns, makes an exit and
 * looks what is left. tp_exits.S does that; this file makes the patterns and judges. All vCPUs share a fixed
 * number of laps, a lap makes one visit to each kind.
 */
#include "rt/rt.h"

const char guest_name[] = "tp";

enum { LAPS = 2816 };
#define NO_TRAP UINT64_MAX
#define NEVER UINT64_MAX
#define UART_SCR (UART_BASE + 7)
#define SCR_PATTERN 0xa5

enum reg { RA = 1, SP = 2, GP = 3, TP = 4, A0 = 10, A1 = 11, A5 = 15, A6 = 16, A7 = 17, S2 = 18, S3 = 19, S4 = 20, T6 = 31 };
#define BIT(reg) (UINT32_C(1) << (reg))

/* Laid out for tp_exits.S. */
struct context {
	uint64_t saved[16];
	uint64_t expect_x[32], expect_f[32]; /* x[0] is always 0 */
	uint64_t found_x[32], found_f[32];
	uint64_t expect_fcsr, expect_sepc, expect_stval;
	uint64_t found_fcsr, found_sepc, found_stval, found_scause, found_sstatus;
	uint64_t found_trap;
};
_Static_assert(offsetof(struct context, expect_x) == 128, "EXPECT_X");
_Static_assert(offsetof(struct context, found_f) == 896, "FOUND_F");
_Static_assert(offsetof(struct context, expect_fcsr) == 1152, "EXPECT_FCSR");
_Static_assert(offsetof(struct context, found_trap) == 1216, "FOUND_TRAP");

typedef void make_exit(struct context *context);
make_exit tp_exit_sbi_call_4, tp_exit_sbi_call_1, tp_exit_remote_fences_self, tp_exit_mmio_load, tp_exit_mmio_store,
	tp_exit_interrupt_spinning, tp_exit_interrupt_in_wfi, tp_exit_ipi_self, tp_exit_read_time, tp_exit_read_cycle,
	tp_exit_read_instret, tp_exit_machine_csr, tp_exit_hypervisor_csr, tp_exit_illegal_write;

enum trap_rule {
	MUST_NOT_TRAP,
	MUST_TRAP,
	MAY_TRAP, /* a machine may allow the instruction */
};

struct exit_kind {
	const char *name;
	make_exit *make;
	uint64_t exits;	     /* made by one visit, where all of it reaches the hypervisor */
	uint64_t a7, a6, a0; /* of an SBI call, where a7 is not 0 */
	bool a1_is_hart;
	uint64_t every; /* laps between two visits; 0 is 1. All harts at once make slow fences. */
	bool timer;	/* due while the exit's code runs */
	enum trap_rule rule;
	uint64_t scause; /* of the trap */
	uint32_t loaded; /* SCR, zero- or sign-extended, ends up here */
	uint32_t free;	 /* may hold anything after */
	bool check_a0;	 /* must be a0_after */
	int64_t a0_after;
};

static const struct exit_kind exit_kinds[] = {
	{ .name = "SBI get_spec_version", .make = tp_exit_sbi_call_4, .exits = 4, .a7 = SBI_BASE,
	  .free = BIT(A0) | BIT(A1) },
	{ .name = "SBI unknown extension", .make = tp_exit_sbi_call_4, .exits = 4, .a7 = SBI_NO_SUCH_EXTENSION,
	  .a6 = 7, .free = BIT(A1), .check_a0 = true, .a0_after = SBI_ERR_NOT_SUPPORTED },
	{ .name = "SBI unknown function", .make = tp_exit_sbi_call_4, .exits = 4, .a7 = SBI_TIME,
	  .a6 = SBI_NO_SUCH_FUNCTION, .free = BIT(A1), .check_a0 = true, .a0_after = SBI_ERR_NOT_SUPPORTED },
	{ .name = "SBI console_getchar", .make = tp_exit_sbi_call_1, .exits = 1, .a7 = SBI_LEGACY_GETCHAR,
	  .free = BIT(A0) },
	{ .name = "SBI set_timer", .make = tp_exit_sbi_call_4, .exits = 4, .a7 = SBI_TIME, .a0 = UINT64_MAX >> 1,
	  .free = BIT(A0) | BIT(A1), .check_a0 = true },
	{ .name = "SBI remote fences, self", .make = tp_exit_remote_fences_self, .exits = 3, .a7 = SBI_RFENCE,
	  .free = BIT(A1) | BIT(A6), .check_a0 = true },
	{ .name = "SBI remote fence, all", .make = tp_exit_sbi_call_1, .exits = 1, .a7 = SBI_RFENCE,
	  .a6 = SBI_RFENCE_SFENCE_VMA, .every = 64, .free = BIT(A1), .check_a0 = true },
	{ .name = "SBI send_ipi, self", .make = tp_exit_ipi_self, .exits = 2, .a7 = SBI_IPI, .a0 = 1,
	  .a1_is_hart = true, .rule = MUST_TRAP, .scause = CAUSE_IRQ(IRQ_SOFT), .free = BIT(A1), .check_a0 = true },
	{ .name = "MMIO loads", .make = tp_exit_mmio_load, .exits = 4,
	  .loaded = BIT(TP) | BIT(GP) | BIT(SP) | BIT(T6) },
	{ .name = "MMIO stores", .make = tp_exit_mmio_store, .exits = 4 },
	{ .name = "timer interrupt, spinning", .make = tp_exit_interrupt_spinning, .exits = 3, .timer = true,
	  .rule = MUST_TRAP, .scause = CAUSE_IRQ(IRQ_TIMER) },
	{ .name = "timer interrupt, in wfi", .make = tp_exit_interrupt_in_wfi, .exits = 3, .timer = true,
	  .rule = MUST_TRAP, .scause = CAUSE_IRQ(IRQ_TIMER) },
	{ .name = "reading time", .make = tp_exit_read_time, .free = BIT(A5) },
	{ .name = "reading cycle", .make = tp_exit_read_cycle, .rule = MAY_TRAP, .scause = CAUSE_ILLEGAL,
	  .free = BIT(A5) },
	{ .name = "reading instret", .make = tp_exit_read_instret, .rule = MAY_TRAP, .scause = CAUSE_ILLEGAL,
	  .free = BIT(A5) },
	{ .name = "reading a machine CSR", .make = tp_exit_machine_csr, .exits = 1, .rule = MUST_TRAP,
	  .scause = CAUSE_ILLEGAL },
	{ .name = "writing a machine CSR", .make = tp_exit_illegal_write, .exits = 1, .rule = MUST_TRAP,
	  .scause = CAUSE_ILLEGAL },
	{ .name = "reading a hypervisor CSR", .make = tp_exit_hypervisor_csr, .exits = 1, .rule = MAY_TRAP,
	  .scause = CAUSE_ILLEGAL, .free = BIT(A5) },
};
enum { KINDS = sizeof(exit_kinds) / sizeof(exit_kinds[0]) };

static struct context contexts[MAX_HARTS];
static uint64_t finished;

static uint64_t next_pattern(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state ^ *state >> 29;
}

/* fcsr: any flags, and a rounding mode that exists. scause is left alone: it takes legal values only. */
static void fill(struct context *context, const struct exit_kind *kind, uint64_t *state)
{
	uint64_t *x = context->expect_x;
	uint64_t id = this_hart()->id;

	for (int r = 1; r < 32; r++)
		x[r] = next_pattern(state);
	for (int r = 0; r < 32; r++)
		context->expect_f[r] = next_pattern(state);
	context->expect_fcsr = (*state >> 40) % 5 << 5 | (*state >> 50 & 31);
	context->expect_sepc = next_pattern(state) & ~UINT64_C(3) & UINT64_MAX >> 26;
	context->expect_stval = next_pattern(state) & UINT64_MAX >> 26;
	x[S2] = id;
	x[S3] = UART_BASE;
	x[S4] = (x[S4] & ~UINT64_C(0xff)) | SCR_PATTERN;
	if (kind->a7 != 0) {
		x[A7] = kind->a7;
		x[A6] = kind->a6;
		x[A0] = kind->a0;
		x[A1] = kind->a1_is_hart ? id : SBI_ALL_HARTS;
	}
	if (kind->a7 == SBI_RFENCE) {
		x[12] = 0; /* start */
		x[13] = PAGE_SIZE;
		x[14] = 0; /* ASID */
	}
}

static uint64_t expected_x(const struct context *context, const struct exit_kind *kind, int r)
{
	if ((kind->loaded & BIT(r)) != 0)
		return r == GP || r == T6 ? (uint64_t)(int64_t)(int8_t)SCR_PATTERN : SCR_PATTERN;
	return context->expect_x[r];
}

static void judge_registers(const struct context *context, const struct exit_kind *kind)
{
	for (int r = 1; r < 32; r++) {
		uint64_t expected = expected_x(context, kind, r);

		if ((kind->free & BIT(r)) != 0 || (kind->check_a0 && r == A0))
			continue;
		CHECK(context->found_x[r] == expected, "%s: x%d is %lx, was %lx", kind->name, r, context->found_x[r],
		      expected);
	}
	for (int r = 0; r < 32; r++)
		CHECK(context->found_f[r] == context->expect_f[r], "%s: f%d is %lx, was %lx", kind->name, r,
		      context->found_f[r], context->expect_f[r]);
	CHECK(context->found_fcsr == context->expect_fcsr, "%s: fcsr is %lx, was %lx", kind->name,
	      context->found_fcsr, context->expect_fcsr);
	if (kind->check_a0)
		CHECK(context->found_x[A0] == (uint64_t)kind->a0_after, "%s: a0 is %ld", kind->name,
		      (int64_t)context->found_x[A0]);
}

static void judge_trap(const struct context *context, const struct exit_kind *kind)
{
	bool trapped = context->found_trap != 0;

	CHECK((context->found_sstatus & SSTATUS_FS) == SSTATUS_FS, "%s: sstatus %lx, FP was dirty", kind->name,
	      context->found_sstatus);
	CHECK(kind->rule == MAY_TRAP || trapped == (kind->rule == MUST_TRAP), "%s: %s, scause %lx", kind->name,
	      trapped ? "trapped" : "did not trap", context->found_scause);
	if (trapped) {
		CHECK(context->found_scause == kind->scause, "%s: scause %lx", kind->name, context->found_scause);
		CHECK((context->found_sstatus & SSTATUS_SPP) != 0, "%s: trap from U-mode", kind->name);
		return;
	}
	CHECK(context->found_sepc == context->expect_sepc, "%s: sepc is %lx, was %lx", kind->name, context->found_sepc,
	      context->expect_sepc);
	CHECK(context->found_stval == context->expect_stval, "%s: stval is %lx, was %lx", kind->name,
	      context->found_stval, context->expect_stval);
}

/* Returns the number of exits. */
static uint64_t visit(struct context *context, const struct exit_kind *kind, uint64_t *state)
{
	fill(context, kind, state);
	csr_write(sie, (kind->rule == MUST_TRAP && kind->a7 == SBI_IPI ? IRQ_BIT(IRQ_SOFT) : 0) |
			       (kind->timer ? IRQ_BIT(IRQ_TIMER) : 0));
	if (kind->timer)
		sbi_set_timer(time_now() + (*state >> 59));
	kind->make(context);
	csr_clear(sstatus, SSTATUS_SIE);
	csr_clear(sip, IRQ_BIT(IRQ_SOFT));
	if (kind->timer)
		sbi_set_timer(NEVER);
	judge_registers(context, kind);
	judge_trap(context, kind);
	return kind->exits;
}

static bool due(const struct exit_kind *kind, uint64_t lap)
{
	return kind->every == 0 || lap % kind->every == 0;
}

static uint64_t all_exits(void)
{
	uint64_t exits = 0;

	for (uint64_t lap = 0; lap < LAPS; lap++)
		for (unsigned kind = 0; kind < KINDS; kind++)
			exits += due(&exit_kinds[kind], lap) ? exit_kinds[kind].exits : 0;
	return exits;
}

/* Laps are dealt out like cards; the pattern is the lap's own, whoever plays it. */
static void play(uint64_t player)
{
	struct context *context = &contexts[this_hart()->id];
	uint64_t exits = 0;

	for (uint64_t lap = player; lap < LAPS; lap += platform.harts) {
		uint64_t state = lap * UINT64_C(0x9e3779b97f4a7c15) + 1;

		for (unsigned kind = 0; kind < KINDS; kind++)
			if (due(&exit_kinds[kind], lap))
				exits += visit(context, &exit_kinds[kind], &state);
	}
	csr_write(sie, 0);
	__atomic_fetch_add(&finished, exits, __ATOMIC_RELEASE);
}

/*
 * Whoever is done waits for the shutdown instead of stopping: OpenSBI 1.1 never ends a remote fence whose
 * target stops between the request and the answer.
 */
static void play_and_wait(uint64_t player)
{
	play(player);
	for (;;)
		__asm__ volatile("wfi");
}

void guest_main(void)
{
	uint64_t player = 1, exits = all_exits();

	*(volatile uint8_t *)UART_SCR = SCR_PATTERN;
	sbi_set_timer(NEVER);
	for (uint64_t i = 0; i < platform.harts; i++)
		if (platform.hart_id[i] != this_hart()->id)
			CHECK(hart_start(platform.hart_id[i], play_and_wait, player++) == SBI_SUCCESS,
			      "hart_start refused");
	play(0);
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != exits)
		relax();
	CHECK(exits >= 100000, "only %lu exits", exits);
	print("tp: x1-x31, f0-f31, fcsr, sstatus.FS, sepc and stval held over 100000 exits by\n");
	for (unsigned kind = 0; kind < KINDS; kind++)
		print("tp:   %s\n", exit_kinds[kind].name);
}
