#!/bin/sh
# QEMU 7.2 (Debian 12's qemu-system-misc 1:7.2+dfsg-7+deb12u18+b3): mkfifo in a folder that is shared by 9P with security_model=none or
# passthrough fails.
#
# Tmknod makes a node, pipes among them, as Linux's v9fs asks for. QEMU makes it, then opens what it has made to look at it, which it
# has refused for special files since a fix of 7.2's: "attempt to open special file". The guest hears ENXIO (6), and the pipe
# is removed again. In the mapped models, where a file stands for it, it works. Seen: 6, 6, 0, 0.
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

cat >client.c <<'EOF'
#include "p9_client.h"

int main(u64 hart)
{
	if (hart != 0)
		return 0;
	attach();
	begin_fid(TMKNOD, ROOT);
	name("pipe");
	number(0010644, 4); /* S_IFIFO */
	for (unsigned i = 0; i < 3; i++) /* a device's numbers, and the group */
		number(0, 4);
	return (int)ask();
}
EOF
rt=$here/../tests/board/rt
riscv64-unknown-elf-gcc -march=rv64ima_zicsr -mabi=lp64 -mcmodel=medany -ffreestanding -nostdlib -static -O1 "-I$here" "-I$rt" \
	"-Wl,--no-warn-rwx-segments,-T$rt/link.ld" client.c "$rt/start.S" -o client.elf

seen=
root/usr/bin/qemu-system-riscv64 --version | head -n 1
for model in none passthrough mapped-xattr mapped-file; do
	rm -rf shared && mkdir shared
	status=0
	timeout 60 root/usr/bin/qemu-system-riscv64 -L root/usr/share/qemu -L /usr/share/qemu -M virt -nographic -bios client.elf \
		-fsdev "local,id=f,path=shared,security_model=$model" -device virtio-9p-device,fsdev=f,mount_tag=t </dev/null >/dev/null 2>&1 || status=$?
	seen="$seen$status "
done
echo "errno of Tmknod of a pipe in the models none, passthrough, mapped-xattr and mapped-file: $seen"
[ "$seen" = '6 6 0 0 ' ]
