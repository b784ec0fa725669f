#!/bin/sh
# QEMU 7.2 (Debian 12's qemu-system-misc 1:7.2+dfsg-7+deb12u18+b3): in a folder shared by 9P with security_model=mapped-xattr or mapped-file
# no entry has a type (d_type is DT_UNKNOWN, 0), not even "." and "..".
#
# In the other models entries have the types that the host's file system has them of. Where modes are mapped those could be wrong, and the
# mapped ones are not looked up: Linux's getdents is then given what it may give, but programs that rely on d_type find nothing. Seen, the
# types of ".", a folder, a file and a link: 4 4 8 10; 4 4 8 10; 0 0 0 0; 0 0 0 0.
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

enum { TYPE_AT = 21, NAME_AT = 22, O_DIRECTORY = 0200000 }; /* of an entry */

int main(u64 hart)
{
	if (hart != 0)
		return 0;
	attach();
	begin_fid(TWALK, ROOT);
	number(2, 4);
	number(0, 2);
	ask();
	begin_fid(TLOPEN, 2);
	number(O_DIRECTORY, 4);
	ask();
	begin_fid(TREADDIR, 2);
	number(0, 8);
	number(4096, 4);
	ask();
	for (unsigned entry = 11, end = 11 + (unsigned)answer(7, 4); entry < end;) {
		unsigned length = (unsigned)answer(entry + NAME_AT, 2);
		for (unsigned i = 0; i < length; i++)
			put((char)reply[entry + NAME_AT + 2 + i]);
		show("", reply[entry + TYPE_AT]);
		entry += NAME_AT + 2 + length;
	}
	return 0;
}
EOF
rt=$here/../tests/board/rt
riscv64-unknown-elf-gcc -march=rv64ima_zicsr -mabi=lp64 -mcmodel=medany -ffreestanding -nostdlib -static -O1 "-I$here" "-I$rt" \
	"-Wl,--no-warn-rwx-segments,-T$rt/link.ld" client.c "$rt/start.S" -o client.elf

mkdir shared shared/folder
echo text >shared/file
ln -s file shared/link
seen=
root/usr/bin/qemu-system-riscv64 --version | head -n 1
for model in none passthrough mapped-xattr mapped-file; do
	timeout 60 root/usr/bin/qemu-system-riscv64 -L root/usr/share/qemu -L /usr/share/qemu -M virt -nographic -bios client.elf \
		-fsdev "local,id=f,path=shared,security_model=$model" -device virtio-9p-device,fsdev=f,mount_tag=t </dev/null 2>/dev/null >entries
	for name in . folder file link; do
		seen="$seen$(sed -n "s/^$name 0x\([0-9a-f]\)\r*$/\1/p" entries) "
	done
done
echo "types of ., folder, file and link in the models none, passthrough, mapped-xattr and mapped-file: $seen"
[ "$seen" = '4 4 8 a 4 4 8 a 0 0 0 0 0 0 0 0 ' ]
