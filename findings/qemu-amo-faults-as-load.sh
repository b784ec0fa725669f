#!/bin/sh
# QEMU 7.2 (Debian 12's qemu-system-misc 1:7.2+dfsg-7+deb12u18+b3): which page fault an AMO raises depends on how many threads run the harts.
#
# The privileged specification gives an AMO the store/AMO faults (norm:mcause_exccode_st_sc_amo). With a thread for each of two harts QEMU
# raises that, cause 15. With one hart, or one thread for both (-accel tcg,thread=single), the AMO is carried out as a load and a store, and
# the load comes first: cause 13, load page fault. Seen: 13, 13, 15. So a comparison that runs QEMU with one thread to be deterministic
# compares another machine.
set -eu
version='1:7.2+dfsg-7+deb12u18+b3'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "qemu-system-misc=$version" >/dev/null 2>&1
dpkg -x qemu-system-misc_*.deb root
command -v riscv64-unknown-elf-gcc >/dev/null || apt-get install -qq -y gcc-riscv64-unknown-elf >/dev/null
ldd root/usr/bin/qemu-system-riscv64 | grep -q 'not found' && apt-get install -qq -y "qemu-system-misc=$version" >/dev/null

cat >amo.S <<'END'
	.globl _start
_start:	csrr	t0, mhartid
	bnez	t0, 2f
	la	t0, 1f
	csrw	mtvec, t0
	li	t0, -1		# S-mode may access everything that is mapped
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	la	t0, table	# Sv39 with nothing mapped
	srli	t0, t0, 12
	li	t1, 8 << 60
	or	t0, t0, t1
	csrw	satp, t0
	sfence.vma
	li	t0, 1 << 17 | 1 << 11	# mstatus.MPRV, MPP = S
	csrs	mstatus, t0
	li	a0, 0x1000
	amoadd.w a1, a1, (a0)
	.balign	4
1:	li	t0, 1 << 17
	csrc	mstatus, t0
	csrr	t2, mcause
	slli	t2, t2, 16	# the finisher's code is QEMU's exit status
	li	t0, 0x3333
	or	t2, t2, t0
	li	t0, 0x100000
	sw	t2, (t0)
2:	wfi
	j	2b
	.balign	4096
table:	.zero	4096
END
riscv64-unknown-elf-gcc -march=rv64ima_zicsr -mabi=lp64 -nostdlib -static -Ttext=0x80000000 -Wl,--no-warn-rwx-segments amo.S -o amo.elf

cause() { # harts, threads
	status=0
	timeout 60 root/usr/bin/qemu-system-riscv64 -L root/usr/share/qemu -L /usr/share/qemu -M virt -nographic -smp "$1" -accel "tcg,thread=$2" -bios amo.elf \
		</dev/null >/dev/null 2>&1 || status=$?
	echo "$status"
}
root/usr/bin/qemu-system-riscv64 --version | head -n 1
seen="$(cause 1 multi) $(cause 2 single) $(cause 2 multi)"
echo "cause of an AMO's page fault with 1 hart; 2 harts, one thread; 2 harts, two threads: $seen"
[ "$seen" = '13 13 15' ]
