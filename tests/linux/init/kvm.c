/*
 * KVM in the kernel that runs here: a virtual machine of our own, whose guest prints by SBI, takes G-stage faults, reads a device that
 * this program plays, waits for its timer, and switches itself off. And the kernel's own selftests, where the ramdisk has them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "init.h"

enum {
	RAM = 0x80000000,
	RAM_BYTES = 8 << 20,
	DEVICE = 0x10000000,
	DEVICE_VALUE = 0x5a,
	SBI_PUTCHAR = 1,
	EXITS_MAX = 10000
};

/* The guest, at RAM: its registers hold nothing, and it is in VS-mode without translation. */
__asm__(".pushsection .rodata\n"
        ".option push\n.option norvc\n.option norelax\n"
        ".balign 8\n"
        "guest_begin:\n"
        "	li	a0, 'g'\n"
        "	jal	guest_put\n"
        /* a word in each of 512 pages, then their sum */
        "	li	s0, 0x80200000\n"
        "	li	s1, 512\n"
        "	li	t2, 4096\n"
        "1:	sd	s1, 0(s0)\n"
        "	add	s0, s0, t2\n"
        "	addi	s1, s1, -1\n"
        "	bnez	s1, 1b\n"
        "	li	s0, 0x80200000\n"
        "	li	s1, 512\n"
        "	li	s2, 0\n"
        "1:	ld	t0, 0(s0)\n"
        "	add	s2, s2, t0\n"
        "	add	s0, s0, t2\n"
        "	addi	s1, s1, -1\n"
        "	bnez	s1, 1b\n"
        "	li	t0, 131328\n" /* 512 * 513 / 2 */
        "	li	a0, 'm'\n"
        "	bne	s2, t0, guest_end_of_life\n"
        "	jal	guest_put\n"
        /* the device that its machine's maker plays: what it reads plus 1 is written back */
        "	li	s0, 0x10000000\n"
        "	lbu	t0, 3(s0)\n"
        "	addi	t0, t0, 1\n"
        "	sb	t0, 4(s0)\n"
        /* a timer: 1 ms */
        "	rdtime	a0\n"
        "	li	t0, 10000\n"
        "	add	a0, a0, t0\n"
        "	li	a7, 0x54494d45\n"
        "	li	a6, 0\n"
        "	ecall\n"
        "	lla	t0, guest_timer\n"
        "	csrw	stvec, t0\n"
        "	li	t0, 1 << 5\n"
        "	csrw	sie, t0\n"
        "	csrsi	sstatus, 2\n"
        "1:	wfi\n"
        "	j	1b\n"
        "guest_timer:\n"
        "	li	a0, 't'\n"
        "	jal	guest_put\n"
        "guest_end_of_life:\n"
        "	li	a0, 0\n"
        "	li	a1, 0\n"
        "	li	a7, 0x53525354\n"
        "	li	a6, 0\n"
        "	ecall\n"
        "1:	j	1b\n"
        "guest_put:\n"
        "	li	a7, 1\n"
        "	ecall\n"
        "	ret\n"
        "guest_end:\n"
        ".option pop\n.popsection\n");
extern const char guest_begin[], guest_end[];

/* What the guest's exits said. */
struct heard {
	char text[16];
	size_t length;
	unsigned written;
	bool off;
};

static bool play_device(struct kvm_run *run, struct heard *heard)
{
	if (run->mmio.phys_addr == DEVICE + 3 && !run->mmio.is_write && run->mmio.len == 1)
		run->mmio.data[0] = DEVICE_VALUE;
	else if (run->mmio.phys_addr == DEVICE + 4 && run->mmio.is_write && run->mmio.len == 1)
		heard->written = run->mmio.data[0];
	else
		return failed(__func__, "an access that the guest does not make");
	return true;
}

static bool put_character(struct kvm_run *run, struct heard *heard)
{
	REQUIRE(run->riscv_sbi.extension_id == SBI_PUTCHAR && heard->length + 1 < sizeof heard->text);
	heard->text[heard->length++] = run->riscv_sbi.args[0];
	run->riscv_sbi.ret[0] = run->riscv_sbi.ret[1] = 0;
	return true;
}

static bool run_guest(int vcpu, struct kvm_run *run, struct heard *heard)
{
	for (unsigned exits = 0; exits < EXITS_MAX && !heard->off; exits++) {
		if (ioctl(vcpu, KVM_RUN, 0) != 0) {
			REQUIRE(errno == EINTR);
			continue;
		}
		switch (run->exit_reason) {
		case KVM_EXIT_RISCV_SBI: REQUIRE(put_character(run, heard)); break;
		case KVM_EXIT_MMIO: REQUIRE(play_device(run, heard)); break;
		case KVM_EXIT_SYSTEM_EVENT: heard->off = run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN; break;
		default: return failed(__func__, "an exit that the guest does not make");
		}
	}
	return true;
}

/* A machine of one vCPU and RAM_BYTES, its program counter at the guest's begin. Descriptors are closed when this process ends. */
static bool make_machine(int *vcpu, struct kvm_run **run)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	REQUIRE(kvm >= 0 && ioctl(kvm, KVM_GET_API_VERSION, 0) == KVM_API_VERSION);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	void *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(vm >= 0 && ram != MAP_FAILED);
	memcpy(ram, guest_begin, (size_t)(guest_end - guest_begin));
	struct kvm_userspace_memory_region region = {
	    .guest_phys_addr = RAM, .memory_size = RAM_BYTES, .userspace_addr = (uintptr_t)ram};
	REQUIRE(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0);
	*vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	REQUIRE(*vcpu >= 0 && size >= (int)sizeof **run);
	*run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *vcpu, 0);
	REQUIRE(*run != MAP_FAILED);
	uint64_t pc = RAM;
	struct kvm_one_reg reg = {.id = KVM_REG_RISCV | KVM_REG_SIZE_U64 | KVM_REG_RISCV_CORE |
	                                KVM_REG_RISCV_CORE_REG(regs.pc),
	                          .addr = (uintptr_t)&pc};
	REQUIRE(ioctl(*vcpu, KVM_SET_ONE_REG, &reg) == 0);
	return true;
}

static bool own_machine(void)
{
	int vcpu = -1;
	struct kvm_run *run = NULL;
	struct heard heard = {.length = 0};
	REQUIRE(make_machine(&vcpu, &run));
	REQUIRE(run_guest(vcpu, run, &heard));
	REQUIRE(strcmp(heard.text, "gmt") == 0);
	REQUIRE(heard.written == DEVICE_VALUE + 1);
	REQUIRE(heard.off);
	return true;
}

const struct check kvm_checks[] = {{"a virtual machine", own_machine}, {0}};

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static int is_program(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Each program in /selftests, by itself, which ends with 0 if it passed. */
bool selftests_task(void)
{
	struct dirent **programs;
	int count = scandir("/selftests", &programs, is_program, by_name);
	REQUIRE(count > 0);
	bool all = true;
	for (int i = 0; i < count; i++) {
		char path[512];
		snprintf(path, sizeof path, "/selftests/%s", programs[i]->d_name);
		int pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			execl(path, path, (char *)NULL);
			_exit(127);
		}
		int status = exit_status(pid);
		if (status == 0)
			printf("OK %s\n", programs[i]->d_name);
		else
			all = failed(programs[i]->d_name, status == 4 ? "skipped" : "exit status is not 0");
	}
	return all;
}
