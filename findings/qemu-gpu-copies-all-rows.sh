#!/bin/sh
# QEMU 7.2 (Debian 12's qemu-system-misc 1:7.2+dfsg-7+deb12u18+b3): virtio-gpu's TRANSFER_TO_HOST_2D of a picture's first rows copies all of them.
#
# Where the rectangle is as wide as the resource and begins at 0,0 with offset 0, its height is not looked at: the rest of the backing is
# copied too. With any other rectangle the rows that were asked for are. A guest that draws below what it transfers shows
# what it has not given. Seen: of 32 rows, after a transfer of 2: 32; of two that begin at row 1: 2.
set -eu
version='1:7.2+dfsg-7+deb12u18+b3'
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for package in misc common; do # the device is a module of the second
	apt-get download -qq "qemu-system-$package=$version" >/dev/null 2>&1
	dpkg -x qemu-system-"$package"_*.deb root
done
QEMU_MODULE_DIR=$(echo "$folder"/root/usr/lib/*/qemu)
export QEMU_MODULE_DIR
command -v riscv64-unknown-elf-gcc >/dev/null || apt-get install -qq -y gcc-riscv64-unknown-elf >/dev/null
ldd root/usr/bin/qemu-system-riscv64 | grep -q 'not found' && apt-get install -qq -y "qemu-system-misc=$version" >/dev/null

cat >client.c <<'EOF'
#include "gpu.h"

static struct queue queues[2];
static u32 picture[32][32];

int main(u64 hart)
{
	struct slot slot = {.queues = queues};
	u32 low = (u32)(u64)picture;
	if (hart != 0 || !slot_find(&slot, GPU, 0))
		return 1;
	for (unsigned i = 0; i < 32 * 32; i++)
		picture[i / 32][i % 32] = 0xffffff;
	slot_begin(&slot, 0);
	gpu_do(&slot, CREATE_2D, 1, 2, 32, 32);
	gpu_do(&slot, ATTACH, 1, 1, low, 0, sizeof(picture), 0);
	gpu_do(&slot, TRANSFER, 0, FIRST, 32, 2, FIRST * 128, 0, 1, 0);
	gpu_do(&slot, SET_SCANOUT, 0, 0, 32, 32, 0, 1);
	gpu_do(&slot, FLUSH, 0, 0, 32, 32, 1, 0);
	print("ready\n");
	for (;;)
		;
}
EOF
rt=$here/../tests/board/rt

# How many rows of the picture are white after a transfer of two from row $1 on.
rows()
{
	riscv64-unknown-elf-gcc -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -ffreestanding -nostdlib -static -O1 "-DFIRST=$1" "-I$rt" \
		"-Wl,--no-warn-rwx-segments,-T$rt/link.ld" client.c "$rt/start.S" -o client.elf
	{
		for _ in $(seq 50); do
			grep -q ready serial 2>/dev/null && break
			sleep 0.1
		done
		echo "screendump shot"
		echo quit
	} | timeout 30 root/usr/bin/qemu-system-riscv64 -L /usr/share/qemu -M virt -bios client.elf -display none -serial file:serial -monitor stdio \
		-global virtio-mmio.force-legacy=off -device virtio-gpu-device >/dev/null
	rm -f serial
	echo $(($(tail -c 3072 shot | tr -d '\0' | wc -c) / 96))
}

root/usr/bin/qemu-system-riscv64 --version | head -n 1
seen="$(rows 0) $(rows 1)"
echo "rows that were copied: $seen"
[ "$seen" = "32 2" ] || { echo "this is not what was seen: 32 2"; exit 1; }
