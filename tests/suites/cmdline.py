"""What public QEMU command lines say besides disks and networks: firmware that is not named, loaders, and what harts start with."""
import os
import struct
import subprocess
import tempfile
from suites.tools import QEMU, RVSIM, expect, expect_equal, run

OURS, THEIRS = [RVSIM, "-M", "virt", "-nographic"], [QEMU[0], "-M", "virt", "-nographic"]
GCC = ["riscv64-unknown-elf-gcc", "-march=rv64imac_zicsr", "-mabi=lp64", "-nostdlib", "-static"]

# Letters on the console, bytes as two letters from 'a' to 'p', and the end.
SUPPORT = """
.macro letter c
li t0, 0x10000000
li t1, \\c
sb t1, 0(t0)
.endm
.macro pass
li t0, 0x100000
li t1, 0x5555
sw t1, 0(t0)
77: j 77b
.endm
.macro bytes at, count
li t2, \\at
li t3, \\count
li t0, 0x10000000
78: lbu t4, 0(t2)
srli t5, t4, 4
addi t5, t5, 'a'
sb t5, 0(t0)
andi t5, t4, 15
addi t5, t5, 'a'
sb t5, 0(t0)
addi t2, t2, 1
addi t3, t3, -1
bnez t3, 78b
.endm
"""

# Where it starts, and 8 bytes at 0x80100000; its entry is not where it begins.
STARTS = SUPPORT + """
letter 'B'
j 1f
.globl _start
_start: letter 'E'
1: bytes 0x80100000, 8
pass
"""

# Hart 1 says so if it begins at `second`, hart 0 then.
TWO = SUPPORT + """
.globl _start
_start: csrr t0, mhartid
bnez t0, 1f
0: lw t0, flag
beqz t0, 0b
letter '0'
pass
.globl second
.org 0x100
second: csrr t0, mhartid
beqz t0, 0b
letter '1'
la t0, flag
li t1, 1
sw t1, 0(t0)
1: wfi
j 1b
.balign 4
flag: .word 0
"""


class Programs:
    """What the tests run, built once."""
    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        for name, source, address in (("starts", STARTS, 0x80000000), ("high", STARTS, 0x80200000), ("two", TWO, 0x80000000)):
            self.build(name, source, address)
        # QEMU enters a kernel's ELF at its lowest address
        self.build("kernel", STARTS.replace("letter 'B'", "").replace("j 1f", ""), 0x80200000)
        self.write("image", self.linux_image(0))
        self.write("image-s", self.linux_image(0x200000))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def build(self, name, source, address):
        source_path, elf = self.write(name + ".S", source.encode()), self.path(name)
        status, out, err = run(GCC + [f"-Wl,-n,-Ttext={address:#x},--build-id=none", source_path, "-o", elf])
        expect_equal(status, 0, f"building {name}: {out}{err}")
        for kind in ("binary", "ihex"):
            run(["riscv64-unknown-elf-objcopy", "-O", kind, "-j", ".text", elf, f"{elf}.{kind}"])
        return elf

    def linux_image(self, offset):
        """The program `starts`, behind a header that jumps over itself: text_offset is 0 of a kernel for M-mode."""
        with open(self.path("starts.binary"), "rb") as file:
            return struct.pack("<IIQ", 0x0400006F, 0x13, offset).ljust(56, b"\0") + b"RSC\x05".ljust(8, b"\0") + file.read()


BUILT = []


def programs():
    return BUILT[0]


def both(words, what, limit=20):
    """The same words on both; FILE{name} is a program's path. Returns what they print, ours and theirs alike."""
    words = [word.replace("@", programs().folder + "/") for word in words]
    theirs = run(THEIRS + words, limit)
    ours = run(OURS + words, limit)
    expect_equal(ours[:2], theirs[:2], f"{what}: {words}, {ours[2]}")
    return ours


# What is loaded where, as QEMU's users write it, and what the program says then.
BOOTS = {
    "-bios @starts": "B" + "a" * 16,  # where memory begins, and not at the entry
    "-bios none -kernel @starts": "B" + "a" * 16,
    "-bios none -kernel @starts.binary": "B" + "a" * 16,
    "-bios none -kernel @image": "B" + "a" * 16,
    "-bios none -device loader,file=@starts": "B" + "a" * 16,
    "-bios none -device loader,file=@starts,cpu-num=0": "E" + "a" * 16,
    "-bios none -device loader,file=@high,cpu-num=0": "E" + "a" * 16,
    "-bios none -device loader,file=@high -device loader,addr=0x80200000,cpu-num=0": "B" + "a" * 16,
    "-bios none -device loader,file=@starts.binary,addr=0x80001000,cpu-num=0": "B" + "a" * 16,
    "-bios none -device loader,file=@starts.binary,addr=2147483648": "B" + "a" * 16,
    "-bios none -device loader,file=@starts.ihex": "B" + "a" * 16,
    "-bios @starts -device loader,addr=0x80100000,data=0x1122334455667788,data-len=8": "B" + "iihhggffeeddccbb",
    "-bios @starts -device loader,addr=0x80100000,data=0x1122334455667788,data-len=3": "B" + "iihhgg" + "a" * 10,
    "-bios @starts -device loader,addr=0x80100001,data=300,data-len=4,cpu-num=0": "B" + "aacmab" + "a" * 10,
    "-bios @starts -device loader,addr=0x80100000,data=0x1122334455667788,data-len=8,data-be=on": "B" + "bbccddeeffgghhii",
    "-bios @starts -device loader,addr=0x80100000,data=0x11223344,data-len=4,data-be=true": "B" + "a" * 16,
    "-bios @starts -device loader,addr=0x80100000,data=0x11223344,data-len=8,data-be=on": "B" + "aaaaaaaabbccddee",
    "-bios @starts -device loader,file=@two,force-raw=on,addr=0x80100000": "B" + "hpefemegacababaa",
    "-smp 2 -bios @two -device loader,addr=0x80000100,cpu-num=1": "10",
}


def boots(words, wanted):
    expect_equal(both(words.split(), "a boot")[:2], (0, wanted), words)


# No firmware named: OpenSBI; a kernel at 0x80200000.
DEFAULTS = ["-kernel @kernel", "-bios default -kernel @kernel", "-kernel @kernel.binary", "-smp 4 -m 1G -kernel @kernel",
            "-bios opensbi-riscv64-generic-fw_dynamic.bin -kernel @kernel", "-bios opensbi-riscv64-generic-fw_dynamic.elf -kernel @kernel",
            "-L @ -kernel @kernel", "-L @ -L /usr/share/qemu -bios opensbi-riscv64-generic-fw_dynamic.elf -kernel @kernel",
            "-kernel @kernel -initrd @starts.binary"]


def default(words):
    words = [word.replace("@", programs().folder + "/") for word in words.split()]
    for program in (OURS, THEIRS):
        status, out, err = run(program + words, 60)
        good = status == 0 and "OpenSBI v1.1" in out and out.rstrip().endswith("E" + "a" * 16)
        expect(good, f"{program[0]} {words}: {status} {out[-300:]}{err}")


def firmware_of_a_folder():
    """-L comes first; a file that is here is not looked for."""
    with tempfile.TemporaryDirectory() as folder:
        with open(programs().path("starts.binary"), "rb") as file, open(folder + "/opensbi-riscv64-generic-fw_dynamic.bin", "wb") as out:
            out.write(file.read())
        for words in (["-L", folder, "-kernel", programs().path("kernel")], ["-L", folder, "-bios", "opensbi-riscv64-generic-fw_dynamic.bin"]):
            expect_equal(both(words, "a firmware of -L")[:2], (0, "B" + "a" * 16), "what runs")


def no_opensbi():
    """Where neither package is. Folders are hidden in a namespace of our own, where that may be had."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        return
    hide = "mount -t tmpfs none /usr/lib/riscv64-linux-gnu/opensbi && mount -t tmpfs none /usr/share/qemu && exec \"$@\""
    status, out, err = run(["unshare", "-rm", "sh", "-c", hide, "sh", *OURS, "-kernel", programs().path("kernel")])
    expect_equal((status, out), (2, ""), err)
    expect_equal(err, "rvsim: OpenSBI is not here (-bios default): Debian's package opensbi has it; -bios FILE is another firmware, "
                      "-bios none enters the kernel in M-mode\n", "what is said")


def no_kernel_in_m_mode():
    """A Linux Image that says it is for S-mode is never entered in M-mode."""
    image = programs().path("image-s")
    wanted = f"rvsim: {image}: is a Linux Image that starts in S-mode, and no firmware (-kernel FILE, with OpenSBI unless -bios says otherwise)\n"
    for words in (["-bios", "none", "-kernel", image], ["-bios", image], ["-bios", image, "-kernel", image]):
        expect_equal(run(OURS + words), (2, "", wanted), str(words))
    status, out, _ = run(OURS + ["-kernel", image], 60)
    expect(status == 0 and out.endswith("B" + "a" * 16), out[-300:])


def loaded_again():
    """What loaders put into memory is there after a reset, as it was; and harts start there again."""
    source = SUPPORT + """
.globl _start
_start: letter 'E'
bytes 0x80100000, 2
li t0, 0x80100000
lbu t1, 8(t0)
bnez t1, 1f
li t1, 1
sb t1, 8(t0)
sh zero, 0(t0)
li t0, 0x100000
li t1, 0x7777
sw t1, 0(t0)
j .
1: pass
"""
    programs().build("again", source, 0x80200000)
    words = "-bios none -device loader,file=@again,cpu-num=0 -device loader,addr=0x80100000,data=0x1234,data-len=2".split()
    expect_equal(both(words, "a reset")[:2], (0, "EdebcEdebc"), "both starts")


def cases():
    BUILT.append(Programs())
    for words, wanted in BOOTS.items():
        yield words.replace("@", ""), lambda words=words, wanted=wanted: boots(words, wanted)
    for words in DEFAULTS:
        yield words.replace("@", ""), lambda words=words: default(words)
    yield "firmware-of-a-folder", firmware_of_a_folder
    yield "no-opensbi", no_opensbi
    yield "no-kernel-in-M-mode", no_kernel_in_m_mode
    yield "loaded-again", loaded_again
