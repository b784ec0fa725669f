"""Linux on a disk: virtio-blk under an ext4 root that is written, rebooted from and checked, here and on QEMU; U-Boot and EDK2 load from it.

The disk task of tests/linux/init writes a thousand files, has the machine start again, and checks them. What this machine wrote,
e2fsck and QEMU find as it should be, and what QEMU wrote, this one. Long, and needs what `make linux` builds."""
import functools
import hashlib
import os
import re
import shutil
import struct
import tempfile
from suites.linux import INITRD, KERNELS, OPENSBI, OURS, TROUBLE, U_BOOT
from suites.linux_checks import MACHINES
from suites.tools import expect, expect_equal, run

TRANSPORTS = {"legacy": [], "modern": ["-global", "virtio-mmio.force-legacy=false"]}
FW_DYNAMIC = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin" # goes on where the machine says
SECTOR, PARTITION_AT = 512, 1 << 20
FILES, FOLDERS, LARGEST = 1000, 10, 20000


def file_system(path, size, folder, offset=0):
    """An ext4 file system of `size` with what is in `folder`, at `offset` bytes of the file `path`."""
    status, out, err = run(["mke2fs", "-q", "-t", "ext4", "-d", folder, "-E", f"offset={offset},root_owner=0:0", path, size])
    expect(status == 0, f"mke2fs: {out}{err}")


def root_image(work):
    folder = f"{work}/root"
    for name in ("dev", "proc", "sys", "tmp"):
        os.makedirs(f"{folder}/{name}")
    shutil.copy("build/linux/init", f"{folder}/init")
    file_system(f"{work}/image", "48M", folder)
    return f"{work}/image"


def empty_image(work):
    os.mkdir(f"{work}/empty")
    file_system(f"{work}/image", "48M", f"{work}/empty")
    return f"{work}/image"


def boot(machine, disk, append, more=(), harts=2):
    """The console of a boot that ends well, with `disk`, a file and options of -drive, as /dev/vda."""
    status, out, err = run([*MACHINES[machine], "-smp", str(harts), "-bios", OPENSBI["1.6"], "-kernel", KERNELS["6.1"],
                            "-drive", f"file={disk},format=raw,if=none,id=disk0", "-device", "virtio-blk-device,drive=disk0",
                            *more, "-append", f"console=ttyS0 {append}"], 600)
    out = out.replace("\r", "")
    trouble = re.findall(TROUBLE, out)
    expect(not trouble, f"the kernel complains: {trouble[:5]}")
    expect(status == 0, f"exit {status}:\n{out[-1500:]}\n{err[-500:]}")
    return out


def words(out):
    """What user space printed."""
    return [line for line in out.splitlines() if re.match(r"OK |FAIL |REBOOT$|DONE$|This machine", line)]


@functools.cache
def content(number, largest=LARGEST):
    """What init writes into file `number`."""
    data, value = bytearray(number * 7919 % largest), number
    for i in range(len(data)):
        value = (value * 1103515245 + 12345) & 0xffffffff
        data[i] = value >> 16 & 0xff
    return bytes(data)


@functools.cache
def first_boot():
    """What it prints; the hash is init's, over the files one after the other."""
    value = 0xcbf29ce484222325
    for number in range(FILES):
        for byte in content(number):
            value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return ["OK files written", f"OK {FILES} files, hash {value:016x}", "REBOOT"]


def second_boot():
    return [first_boot()[1], "DONE"]


def is_clean(image, checked):
    """e2fsck finds nothing, and the thousand files are what they should be, read without any kernel."""
    status, out, err = run(["e2fsck", "-fn", image])
    expect(status == 0, f"e2fsck: exit {status}\n{out}{err}")
    with tempfile.TemporaryDirectory() as folder:
        status, out, err = run(["debugfs", "-R", f"rdump /files {folder}", image])
        for number in range(FILES):
            with open(f"{folder}/files/{number % FOLDERS}/{number:04}", "rb") as file:
                expect(file.read() == content(number), f"file {number} is not what was written")
    status, out, err = run(["debugfs", "-R", "cat /checked", image])
    expect_equal(out, "yes\n" if checked else "", "what the second boot leaves")


def root(machine, other, transport):
    """One boot writes, the machine starts again, the next checks; then the other machine checks what this one wrote."""
    with tempfile.TemporaryDirectory() as work:
        image = root_image(work)
        out = boot(machine, image, "root=/dev/vda rw init=/init task=root", TRANSPORTS[transport])
        expect_equal(words(out), first_boot() + second_boot(), "what user space prints")
        expect(out.count("OpenSBI v1.6") == 2, f"the machine started {out.count('OpenSBI v1.6')} times")
        expect(out.count("VFS: Mounted root (ext4 filesystem)") == 2, "not an ext4 root, twice")
        is_clean(image, True)
        out = boot(other, image, "root=/dev/vda rw init=/init task=root", TRANSPORTS[transport])
        expect_equal(words(out), second_boot(), f"what {other} finds")
        is_clean(image, True)


def mounted(machine, transport):
    """Beside a ramdisk, mounted and unmounted; -no-reboot ends with the first boot, and another run is the second."""
    with tempfile.TemporaryDirectory() as work:
        image = empty_image(work)
        for wanted in (first_boot(), second_boot()):
            out = boot(machine, image, "task=disk", ["-initrd", INITRD, "-no-reboot", *TRANSPORTS[transport]], harts=1)
            expect_equal(words(out), wanted, "what user space prints")
            is_clean(image, "DONE" in wanted)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def snapshot(machine):
    """What is written with snapshot=on is there after a reset, but never in the image."""
    with tempfile.TemporaryDirectory() as work:
        image = empty_image(work)
        before, time = digest(image), os.stat(image).st_mtime_ns
        os.chmod(image, 0o444)
        out = boot(machine, f"{image},snapshot=on", "task=disk", ["-initrd", INITRD])
        expect_equal(words(out), first_boot() + second_boot(), "what user space prints")
        expect(digest(image) == before and os.stat(image).st_mtime_ns == time, "the image changed")


def partitioned(path, folder):
    """A disk with one bootable partition: an ext4 file system with what is in `folder`."""
    size = 80 << 20
    file_system(path, f"{size >> 20}M", folder, PARTITION_AT)
    entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", PARTITION_AT // SECTOR, size // SECTOR)
    with open(path, "r+b") as file:
        file.truncate(PARTITION_AT + size)
        file.seek(446)
        file.write(entry + bytes(48) + b"\x55\xaa")


EXTLINUX = """timeout 1
default linux
label linux
	kernel /boot/Image
	initrd /boot/initrd
	append console=ttyS0 task=basic
"""


def by_u_boot(machine, opensbi, kernel, transport):
    """U-Boot finds the disk, its partition, the menu and the kernel by itself."""
    with tempfile.TemporaryDirectory() as work:
        os.makedirs(f"{work}/disk/boot/extlinux")
        shutil.copy(KERNELS[kernel], f"{work}/disk/boot/Image")
        shutil.copy(INITRD, f"{work}/disk/boot/initrd")
        with open(f"{work}/disk/boot/extlinux/extlinux.conf", "w") as file:
            file.write(EXTLINUX)
        partitioned(f"{work}/image", f"{work}/disk")
        before = digest(f"{work}/image")
        version, u_boot = U_BOOT[opensbi]
        status, out, err = run([*MACHINES[machine], "-smp", "2", "-bios", OPENSBI[opensbi], "-kernel", u_boot, *TRANSPORTS[transport],
                                "-drive", f"file={work}/image,format=raw,if=none,id=disk0", "-device", "virtio-blk-device,drive=disk0"], 600)
        out = out.replace("\r", "")
        for sign in (f"U-Boot {version}", "/boot/extlinux/extlinux.conf", f"Linux version {kernel}.", "OK 2 cpus\n", "\nDONE\n"):
            expect(sign in out, f"no {sign!r}:\n{out[-2500:]}\n{err[-500:]}")
        expect(status == 0 and "FAIL" not in out, f"exit {status}:\n{out[-1500:]}")
        expect(digest(f"{work}/image") == before, "the image changed")


FLASH = "build/linux/13"
# The shell's own script: it starts the kernel, which is a program of EFI's, from the file system that the script is on.
STARTUP = "fs0:\r\nImage console=ttyS0 root=/dev/{root} rw init=/init panic=-1 task=basic,root\r\n"


def by_efi(transport):
    """EDK2 in two flash banks, in S-mode as QEMU has it from 8.1 on, starts a kernel from a FAT disk; another disk is its root."""
    with tempfile.TemporaryDirectory() as work:
        image = root_image(work)
        with open(f"{work}/startup.nsh", "w", newline="") as file:
            file.write(STARTUP.format(root="vdb"))
        with open(f"{work}/fat", "wb") as file:
            file.truncate(40 << 20)
        for command in (["mformat", "-F", "::"], ["mcopy", KERNELS["6.1"], "::Image"], ["mcopy", f"{work}/startup.nsh", "::"]):
            status, out, err = run([command[0], "-i", f"{work}/fat", *command[1:]])
            expect(status == 0, f"{command}: {out}{err}")
        shutil.copy(f"{FLASH}/efi_vars.fd", f"{work}/vars")
        status, out, err = run([*OURS, "-M", "virt,pflash0=code,pflash1=vars", "-smp", "2", "-no-reboot", *TRANSPORTS[transport],
                                "-blockdev", f"node-name=code,driver=file,read-only=on,filename={FLASH}/efi_code.fd",
                                "-blockdev", f"node-name=vars,driver=file,filename={work}/vars", "-bios", FW_DYNAMIC,
                                "-drive", f"file={work}/fat,format=raw,if=none,id=disk0", "-device", "virtio-blk-device,drive=disk0",
                                "-drive", f"file={image},format=raw,if=none,id=disk1", "-device", "virtio-blk-device,drive=disk1"], 600)
        out = out.replace("\r", "")
        for sign in ("RISC-V EDK2 firmware version 2025", "EFI stub: Exiting boot services", "Linux version 6.1.", "OK 2 cpus\n"):
            expect(sign in out, f"no {sign!r}:\n{out[-2500:]}\n{err[-500:]}")
        expect_equal([line for line in words(out) if line in first_boot()], first_boot(), "what user space prints")
        expect(status == 0 and "FAIL" not in out, f"exit {status}:\n{out[-1500:]}\n{err[-500:]}")
        is_clean(image, False)
        expect(digest(f"{work}/vars") != digest(f"{FLASH}/efi_vars.fd"), "EDK2 has written no variable to its flash")


def cases():
    for transport in TRANSPORTS:
        yield f"efi-{transport}-rvsim", lambda transport=transport: by_efi(transport)
    for machine, other in (("rvsim", "qemu"), ("qemu", "rvsim")):
        for transport in TRANSPORTS:
            yield f"root-{transport}-{machine}", lambda what=(machine, other, transport): root(*what)
            yield f"mounted-{transport}-{machine}", lambda what=(machine, transport): mounted(*what)
        yield f"snapshot-{machine}", lambda machine=machine: snapshot(machine)
        for opensbi, kernel, transport in (("1.1", "6.1", "legacy"), ("1.6", "6.12", "modern"), ("1.6", "6.1", "legacy")):
            yield (f"u-boot-{U_BOOT[opensbi][0]}-{kernel}-{transport}-{machine}",
                   lambda what=(machine, opensbi, kernel, transport): by_u_boot(*what))
