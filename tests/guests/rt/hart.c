#include "rt.h"

struct hart harts[MAX_HARTS];
static uint8_t stacks[MAX_HARTS][STACK_SIZE] __attribute__((section(".noinit"), aligned(16)));

_Noreturn void rt_switch_stack(uint64_t sp, struct hart *hart, void (*fn)(uint64_t arg), uint64_t arg);
void secondary_start(void);
_Noreturn void rt_boot(uint64_t id, const void *device_tree, uint64_t satp);
_Noreturn void hart_entered(uint64_t id, const struct start_record *record, uint64_t satp, uint64_t sstatus);
void trap_handler(struct trap_frame *frame);

static uint64_t stack_top(uint64_t id)
{
	return (uintptr_t)stacks[id + 1];
}

static void run_guest(uint64_t satp)
{
	CHECK(satp == 0, "entered with satp %lx", satp);
	guest_main();
	guest_pass();
}

/* On the small boot stack until the hart's id has been checked against the table's size. */
_Noreturn void rt_boot(uint64_t id, const void *device_tree, uint64_t satp)
{
	static struct hart nobody;
	bool listed = false;

	__asm__ volatile("mv tp, %0" : : "r"(&nobody));
	platform_read(device_tree);
	for (uint64_t i = 0; i < platform.harts; i++) {
		harts[platform.hart_id[i]].id = platform.hart_id[i];
		listed |= platform.hart_id[i] == id;
	}
	CHECK(listed, "entered on hart %lu, which the device tree has not", id);
	rt_switch_stack(stack_top(id), &harts[id], run_guest, satp);
}

_Noreturn void hart_entered(uint64_t id, const struct start_record *record, uint64_t satp, uint64_t sstatus)
{
	CHECK(id == record->hart->id, "hart %lu started with a0 %lu", record->hart->id, id);
	CHECK(record == &record->hart->start[record->hart->starts & 1], "hart %lu started with a stale a1", id);
	CHECK(satp == 0, "hart %lu started with satp %lx", id, satp);
	CHECK((sstatus & SSTATUS_SIE) == 0, "hart %lu started with interrupts on", id);
	record->entry(record->arg);
	hart_stop();
}

int64_t hart_start(uint64_t id, void (*entry)(uint64_t arg), uint64_t arg)
{
	struct hart *hart = &harts[id];
	uint64_t next = (hart->starts + 1) & 1;

	hart->start[next] = (struct start_record){ stack_top(id), hart, entry, arg };
	hart->starts++;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return sbi(SBI_HSM, SBI_HSM_START, id, (uintptr_t)secondary_start, (uintptr_t)&hart->start[next]).error;
}

_Noreturn void hart_stop(void)
{
	struct sbi_ret ret = sbi(SBI_HSM, SBI_HSM_STOP, 0);

	guest_fail("hart_stop came back with %ld", ret.error);
}

int64_t hart_state(uint64_t id)
{
	struct sbi_ret ret = sbi(SBI_HSM, SBI_HSM_STATUS, id);

	return ret.error != SBI_SUCCESS ? ret.error : ret.value;
}

void hart_await(uint64_t id, enum hsm_state state)
{
	while (hart_state(id) != (int64_t)state)
		relax();
}

void trap_catch(void)
{
	struct hart *hart = this_hart();

	hart->caught = (struct trap_record){ 0 };
	hart->catching = true;
	relax();
}

struct trap_record trap_caught(void)
{
	struct hart *hart = this_hart();

	relax();
	hart->catching = false;
	return hart->caught;
}

static void skip_instruction(struct trap_frame *frame)
{
	bool fetch = frame->scause == CAUSE_FETCH_ACCESS || frame->scause == CAUSE_FETCH_PAGE;

	if (fetch)
		frame->x[0] = frame->x[1];
	else
		frame->x[0] += (*(const uint16_t *)frame->x[0] & 3) == 3 ? 4 : 2;
}

void trap_handler(struct trap_frame *frame)
{
	struct hart *hart = this_hart();
	bool interrupt = frame->scause >> 63 != 0;

	if (hart->on_trap != NULL && hart->on_trap(frame))
		return;
	CHECK(hart->catching && !interrupt, "unexpected trap on hart %lu: scause %lx sepc %lx stval %lx", hart->id,
	      frame->scause, frame->x[0], frame->stval);
	hart->caught.count++;
	hart->caught.scause = frame->scause;
	hart->caught.stval = frame->stval;
	hart->caught.sepc = frame->x[0];
	skip_instruction(frame);
}

void spin_lock(spinlock *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0)
		relax();
}

void spin_unlock(spinlock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}
