#!/bin/sh
# Debian 13 for riscv64 as an ext4 image, with the packages fetched and the essential ones unpacked, none configured: debootstrap's
# first stage. It needs no root: fakeroot keeps owners and device nodes, which mke2fs reads.
# Usage: tests/debian/first_stage.sh IMAGE
set -eu
[ -n "${FAKEROOTKEY:-}" ] || exec fakeroot "$0" "$@"
image=$1
root=$(mktemp -d "$image.XXXXXX")
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
debootstrap --foreign --arch=riscv64 --variant=minbase --include=gcc,libc6-dev,python3-minimal \
	--force-check-gpg --keyring=/usr/share/keyrings/debian-archive-keyring.gpg trixie "$root" http://deb.debian.org/debian
rm -rf "$root/proc" # in a container debootstrap leaves a link
mkdir "$root/proc"

# The second stage reads this list again and again: of the whole archive's packages, those that are here are enough.
for list in "$root"/var/lib/apt/lists/*_Packages; do
	awk -v names="$(cat "$root/debootstrap/required" "$root/debootstrap/base")" '
		BEGIN {
			RS = ""
			ORS = "\n\n"
			for (i = split(names, name); i; i--)
				wanted["Package: " name[i]]
		}
		{ split($0, line, "\n") }
		line[1] in wanted' "$list" >"$list.part"
	mv "$list.part" "$list"
done
mke2fs -q -F -t ext4 -d "$root" "$image.part" 1G
mv "$image.part" "$image"
