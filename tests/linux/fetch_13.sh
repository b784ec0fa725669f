#!/bin/sh
# Fetch from Debian 13, without making it one of this system's sources: its riscv64 kernel, OpenSBI, U-Boot and EDK2.
# Usage: tests/linux/fetch_13.sh FOLDER   (leaves FOLDER/Image, modules/*.ko, fw_jump.bin, uboot.elf, efi_code.fd and efi_vars.fd)
set -eu
mkdir -p "$1/lists/partial" "$1/archives/partial"
folder=$(realpath "$1")
: >"$folder/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" >"$folder/sources.list"
cat >"$folder/apt.conf" <<END
Dir::State "$folder";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "riscv64";
APT::Architectures "riscv64";
APT::Sandbox::User "root";
END
export APT_CONFIG="$folder/apt.conf"
apt-get update -q
kernel=$(apt-cache depends linux-image-riscv64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\)$/\1/p')
cd "$folder"
apt-get download -q "$kernel" opensbi u-boot-qemu qemu-efi-riscv64
dpkg-deb --fsys-tarfile "$kernel"_*.deb | tar -xO "./boot/vmlinux-${kernel#linux-image-}" >vmlinux
for module in virtio/virtio_mmio virtio/virtio_input virtio/virtio_dma_buf input/evdev gpu/drm/drm gpu/drm/drm_kms_helper gpu/drm/drm_shmem_helper \
	gpu/drm/virtio/virtio-gpu; do
	mkdir -p modules
	dpkg-deb --fsys-tarfile "$kernel"_*.deb | tar -xO --wildcards "./usr/lib/modules/*/kernel/drivers/$module.ko.xz" | xz -d >"modules/${module##*/}.ko"
done
dpkg-deb --fsys-tarfile opensbi_*.deb | tar -xO ./usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.bin >fw_jump.bin
dpkg-deb --fsys-tarfile u-boot-qemu_*.deb | tar -xO ./usr/lib/u-boot/qemu-riscv64_smode/uboot.elf >uboot.elf
dpkg-deb --fsys-tarfile qemu-efi-riscv64_*.deb | tar -xO ./usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd >efi_code.fd
dpkg-deb --fsys-tarfile qemu-efi-riscv64_*.deb | tar -xO ./usr/share/qemu-efi-riscv64/RISCV_VIRT_VARS.fd >efi_vars.fd
rm -f ./*.deb
mv vmlinux Image # the last: now all is there
