/* A little hypervisor in another style than ours: one structure a hart with all there is in it, trap frames, function pointers, inlined helpers,
   recursion, tail calls, static locals. The debugger and gdb step through it instruction by instruction and say the same. */
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

#define noinline __attribute__((noinline))
#define always_inline static inline __attribute__((always_inline))

enum vm_state { VM_OFF, VM_READY = 3, VM_RUNNING, VM_STOPPED = -1 };
enum vm_flag { FLAG_DIRTY = 1, FLAG_PINNED = 2, FLAG_IRQ = 4 };

struct list { struct list *next, *prev; };

struct trap_frame {
	union {
		u64 x[32];
		struct { u64 pc, ra, sp, gp, tp, t[3], s[2], a[8]; };
	};
};

struct exit_info {
	u32 cause : 6;
	u32 guest : 1;
	int delta : 9;
	u32 : 4;
	u32 hart : 12;
	union {
		u64 address;
		struct { u16 low, high; u8 rest[4]; } parts;
	};
};

struct vm;
typedef int (*exit_handler)(struct vm *vm, struct exit_info *info);

struct vm_ops {
	const char *name;
	exit_handler handlers[4];
	void (*reset)(struct vm *vm);
};

struct vm {
	struct list link;
	const struct vm_ops *ops;
	enum vm_state state;
	enum vm_flag flags;
	char name[12];
	double share;
	float weights[3];
	struct { u64 base, size; _Bool writable; } memory[2];
	struct exit_info last;
	u64 exits[4];
};

struct percpu {
	u64 id;
	struct vm *current, *parked[2];
	volatile u32 depth;
	struct trap_frame *frame;
	struct { short x, y; struct { signed char tiny; u8 letter; } inner; } shape[2];
	struct list queue;
	_Bool online;
};

struct percpu percpus[4];
struct vm vms[3];
u64 log_words[16];
static u32 log_at;
const char *const state_names[] = {"off", "ready", "running"};
volatile u64 counter;

always_inline void list_add(struct list *head, struct list *node)
{
	struct list *last = head->prev;
	node->next = head;
	node->prev = last;
	last->next = node;
	head->prev = node;
}

always_inline u64 mix(u64 value, int shift)
{
	u64 high = value >> shift;
	u64 low = value << (64 - shift);
	return (high | low) ^ 0x9e3779b97f4a7c15UL;
}

static noinline void log_word(u64 word)
{
	static u32 wrapped;
	log_words[log_at++ % 16] = mix(word, 7);
	if (log_at % 16 == 0)
		wrapped++;
	counter += wrapped;
}

static noinline int handle_none(struct vm *vm, struct exit_info *info)
{
	vm->last = *info;
	return -1;
}

static noinline int handle_call(struct vm *vm, struct exit_info *info)
{
	u64 number = info->address & 3;
	vm->exits[number]++;
	for (int i = 0; i < 2; i++) {
		u64 end = vm->memory[i].base + vm->memory[i].size;
		if (info->address < end)
			log_word(end - info->address);
	}
	return (int)number;
}

static noinline int handle_fault(struct vm *vm, struct exit_info *info)
{
	info->delta -= 3;
	info->parts.high ^= 0x55;
	vm->flags |= FLAG_DIRTY;
	return handle_call(vm, info);
}

static noinline void reset_vm(struct vm *vm)
{
	vm->state = VM_READY;
	vm->share = 0.25;
	for (u32 i = 0; i < 3; i++)
		vm->weights[i] = 1.5f * (float)i;
	log_word((u64)vm->state);
}

static const struct vm_ops ops = {"plain", {handle_none, handle_call, handle_fault, handle_none}, reset_vm};

noinline int depth_of(struct list *node, struct list *end, int depth)
{
	if (node == end)
		return depth;
	int rest = depth_of(node->next, end, depth + 1);
	counter++;
	return rest;
}

always_inline struct percpu *this_cpu(void)
{
	struct percpu *cpu;
	__asm__ volatile("mv %0, tp" : "=r"(cpu));
	return cpu;
}

noinline int dispatch(struct vm *vm, u32 cause, u64 address)
{
	struct exit_info info = {.cause = cause, .guest = 1, .delta = -5, .hart = (u32)this_cpu()->id, .address = address};
	if (cause < 4) {
		exit_handler handler = vm->ops->handlers[cause];
		int answer = handler(vm, &info);
		this_cpu()->depth += (u32)answer;
		return answer;
	}
	return handle_none(vm, &info);
}

noinline void trapped(struct trap_frame *frame)
{
	struct percpu *cpu = this_cpu();
	cpu->frame = frame;
	frame->pc += 4;
	log_word(frame->a[0]);
}

noinline long add_many(int a, long b, u8 c, short d, struct list *e, u64 f, u64 g, char h, int i, long j)
{
	long sum = a + b + c + d + (long)f + (long)g + h + i + j;
	if (e->next == e)
		sum = -sum;
	counter = (u64)sum;
	return sum;
}

noinline struct exit_info make_info(u64 address)
{
	struct exit_info info = {.cause = 9, .address = address};
	info.delta = (int)(address & 7) - 4;
	return info;
}

static void boot_cpu(struct percpu *cpu, u64 id)
{
	cpu->id = id;
	cpu->online = 1;
	cpu->queue.next = cpu->queue.prev = &cpu->queue;
	for (int i = 0; i < 2; i++) {
		cpu->shape[i].x = (short)(id - 7);
		cpu->shape[i].inner.letter = (u8)('a' + i);
		cpu->shape[i].inner.tiny = -1;
	}
}

int main(void)
{
	for (u64 id = 0; id < 4; id++)
		boot_cpu(&percpus[id], id);
	struct percpu *cpu = &percpus[2];
	__asm__ volatile("mv tp, %0" : : "r"(cpu));
	for (int i = 0; i < 3; i++) {
		struct vm *vm = &vms[i];
		vm->ops = &ops;
		vm->name[0] = 'v';
		vm->name[1] = (char)('0' + i);
		vm->memory[0].base = 0x80000000UL + (u64)i * 0x1000;
		vm->memory[0].size = 0x1000;
		vm->memory[1].writable = i & 1;
		list_add(&cpu->queue, &vm->link);
		vm->ops->reset(vm);
	}
	cpu->current = &vms[1];
	cpu->parked[1] = &vms[2];
	int total = depth_of(cpu->queue.next, &cpu->queue, 0);
	for (u32 round = 0; round < 6; round++) {
		u64 address = 0x80000000UL + (mix(round, 3) & 0xfff);
		total += dispatch(cpu->current, round % 5, address);
	}
	__asm__ volatile("li a0, 77\n\t.option push\n\t.option norvc\n\tecall\n\t.option pop" : : : "a0", "memory");
	struct exit_info made = make_info(counter);
	total += made.delta;
	counter += (u64)add_many(total, -3, 200, -9, &cpu->queue, 1UL << 40, 6, 'z', 9, 10);
	return total;
}
