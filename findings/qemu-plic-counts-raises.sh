#!/bin/sh
# QEMU 7.2 (Debian 12's qemu-system-misc 1:7.2+dfsg-7+deb12u18+b3): a PLIC's source becomes pending whenever its device raises the wire,
# and not at completion while the wire stays high.
#
# The PLIC specification (Interrupt Gateways) has the gateway of a level-triggered source forward one request, wait for its completion,
# and forward another if the level is still high. QEMU's becomes pending when the device sets a wire that is high already, also while
# the source is claimed; it has nothing pending after completion, however high the wire; and a wire that falls leaves it pending. So
# a driver that leaves a cause standing is interrupted once, where hardware would not let go of it.
#
# The UART's transmitter is always empty. Pending, seen after: its interrupt is enabled 1, claimed 0, completed with the wire
# high 0 (by the specification 1), a character is written 1, claimed 0, written while it is claimed 1 (by the specification 0, until
# completion), the interrupt is disabled 1 (nothing is asserted any more).
set -eu
version='1:7.2+dfsg-7+deb12u18+b3'
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "qemu-system-misc=$version" >/dev/null 2>&1
dpkg -x qemu-system-misc_*.deb root
command -v riscv64-unknown-elf-gcc >/dev/null || apt-get install -qq -y gcc-riscv64-unknown-elf >/dev/null
ldd root/usr/bin/qemu-system-riscv64 | grep -q 'not found' && apt-get install -qq -y "qemu-system-misc=$version" >/dev/null

cat >raises.c <<'EOF'
#include "board.h"

enum { SOURCE = 10, CLAIM = PLIC + 0x200004, THR = UART, IER = UART + 1, MCR = UART + 4, OUT2 = 8, TRANSMITTER = 2 };

static unsigned seen;

static void look(void) { seen = seen << 1 | (REG32(PLIC + 0x1000) >> SOURCE & 1); }

int main(u64 hart)
{
	if (hart != 0)
		return 0;
	REG8(MCR) = OUT2; /* its interrupts are let out */
	REG32(PLIC + 4 * SOURCE) = 1;
	REG32(PLIC + 0x2000) = 1 << SOURCE;
	REG8(IER) = TRANSMITTER;
	look();
	(void)REG32(CLAIM);
	look();
	REG32(CLAIM) = SOURCE;
	look();
	REG8(THR) = 'x';
	look();
	(void)REG32(CLAIM);
	look();
	REG8(THR) = 'x';
	look();
	REG8(IER) = 0;
	look();
	return (int)seen;
}
EOF
rt=$here/../tests/board/rt
riscv64-unknown-elf-gcc -march=rv64ima_zicsr -mabi=lp64 -mcmodel=medany -ffreestanding -nostdlib -static -O1 "-I$rt" \
	"-Wl,--no-warn-rwx-segments,-T$rt/link.ld" raises.c "$rt/start.S" -o raises.elf
root/usr/bin/qemu-system-riscv64 --version | head -n 1
status=0
timeout 60 root/usr/bin/qemu-system-riscv64 -L root/usr/share/qemu -L /usr/share/qemu -M virt -nographic -bios raises.elf </dev/null >/dev/null 2>&1 ||
	status=$?
echo "pending, from the first look to the last, as bits: $status"
[ "$status" = $((0x4b)) ]
