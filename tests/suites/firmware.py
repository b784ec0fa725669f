"""What firmware finds: fw_cfg's items by registers and DMA, flash that is read, written and executed, where harts begin; as on QEMU."""
import gzip
import os
import re
import struct
import tempfile
from suites.tools import OPENSBI, PLAIN, QEMU, RVSIM, expect, expect_equal, run, stats_of

DYNAMIC = OPENSBI.replace("fw_jump.elf", "fw_dynamic.bin")
OURS = [RVSIM, "-M", "virt", "-m", "512M", "-nographic"]
BANK, BLOCK = 32 << 20, 256 << 10
FW_CFG, FLASH = "build/board/fw_cfg.elf", "build/board/flash.elf"


class Files:
    """Files of a test, and images as large as a bank."""
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def image(self, name, begin=b"", fill=b"\xff"):
        return self.write(name, begin + fill * ((BANK - len(begin)) // len(fill)))

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def program(self, name, source):
        """The bytes of a program that runs wherever it lies."""
        self.write(name + ".S", source.encode())
        for command in (["riscv64-unknown-elf-gcc", "-march=rv64imac_zicsr_zifencei", "-mabi=lp64", "-nostdlib", "-static", "-Wl,-Ttext=0x80000000",
                         "-Wl,--build-id=none", self.path(name + ".S"), "-o", self.path(name + ".elf")],
                        ["riscv64-unknown-elf-objcopy", "-O", "binary", "-j", ".text", self.path(name + ".elf"), self.path(name)]):
            status, out, err = run(command)
            expect_equal(status, 0, f"{command}: {out}{err}")
        return self.read(name)


def drive(unit, path, more=""):
    return ["-drive", f"if=pflash,format=raw,unit={unit},file={path}{more}"]


def compare(options, theirs_options=None):
    theirs = run(QEMU + (theirs_options or options), 60)
    ours = run(OURS + options, 60)
    expect_equal(theirs[0], 0, f"QEMU: {theirs}")
    expect_equal(ours, (0, theirs[1], ""), f"{options}")
    return ours[1]


# ---- fw_cfg ----

def items():
    compare(["-bios", FW_CFG])
    out = compare(["-bios", FW_CFG, "-smp", "3", "-boot", "menu=on,splash-time=5,reboot-timeout=7", "-uuid",
                   "12345678-1234-5678-9ABC-def012345678"])
    expect("\netc/boot-menu-wait 0x0\n0500eeee\n" in out and "\n0x2 control 0x0\n12345678123456789abcdef012345678" in out, out)


def kernel_in_flash():
    """What a loader in flash is to boot is in fw_cfg; without one it is not."""
    with Files() as files:
        bank = drive(1, files.image("bank"))
        kernel = files.write("kernel.gz", gzip.compress(b"a kernel"))
        initrd = files.write("initrd", gzip.compress(bytes(5000), mtime=0))
        for options in (["-kernel", kernel, "-initrd", initrd, "-append", "root=/dev/x"], ["-kernel", kernel]):
            out = compare(["-bios", FW_CFG, *bank, *options])
            expect("\n0x11 control 0x0\n" + b"a kernel".hex() in out, "the kernel is not there, unpacked")
        out = compare(["-bios", FW_CFG, "-kernel", files.write("flat", b"\x13\0\0\0" * 8)])
        expect("0x11 control" not in out, "a kernel in memory is in fw_cfg, too")


def given():
    """-fw_cfg, which QEMU 7.2 does not know on this machine: items of files and texts, by their names."""
    with Files() as files:
        large = bytes(range(251)) * 400
        options = ["-fw_cfg", "name=opt/org.example/text,string=one,, two", "-fw_cfg", f"opt/a,file={files.write('a', large)}",
                   "-fw_cfg", f"file={files.write('empty', b'')},name=opt/empty"]
        status, out, err = run([*OURS, "-bios", FW_CFG, *options])
        expect_equal((status, err), (0, ""), out)
        for wanted in ("files 0x6\n", f"opt/a key 0x23\n size {len(large):#x}\nopt/empty key 0x24\n size 0x0\nopt/org.example/text key 0x25\n size 0x8\n",
                       f"opt/a 0x0\n{large[:64].hex()}eeee\n", "opt/org.example/text 0x0\n" + b"one, two".hex() + "eeee\n"):
            expect(wanted in out, f"no {wanted!r} in:\n{out}")


# ---- flash ----

def flash(options=""):
    """The same text and the same image afterwards; what QEMU 7.2 does otherwise begins with "erased" or "again"."""
    with Files() as files:
        fresh = bytes(range(256)) * 64
        theirs, ours = (drive(1, files.image(name, fill=fresh)) for name in ("theirs", "ours"))
        results = [run([*machine, "-bios", FLASH, *bank], 60) for machine, bank in ((OURS, ours), ([PLAIN, *OURS[1:]], drive(1, files.image("plain", fill=fresh))), (QEMU, theirs))]
        for result in results:
            expect_equal((result[0], result[2]), (0, ""), result[1])
        expect_equal(results[0], results[1], "the plain loop")
        lines = [[line for line in result[1].splitlines() if not re.match("erased|again", line)] for result in results]
        expect_equal(lines[0], lines[2], "on QEMU")
        again = [line for line in results[0][1].splitlines() if re.match("erased|again", line)]
        expect_equal(again, ["erased 0xff 0xffff 0xffffffff 0xffffffffffffffff"] * 2 +
                     ["again " + value for value in ("0x222", "0x222", "0x333", "0x333", "0x1")], "what differs")
        # the code that was replaced there ran on QEMU as it was before, but its bytes are the same
        expect(files.read("ours") == files.read("theirs") == files.read("plain"), "the images differ")
        expect(files.read("ours") != fresh * (BANK // len(fresh)), "nothing was written")


def kept():
    """A snapshot, a protected image and no image at all: no file changes."""
    with Files() as files:
        fresh = files.image("bank", fill=bytes(range(256)) * 64)
        before = files.read("bank")
        status, out, err = run([*OURS, "-bios", FLASH, *drive(1, fresh)])
        written = out
        expect(status == 0 and files.read("bank") != before, err)
        files.image("bank", fill=bytes(range(256)) * 64)
        for options in (drive(1, fresh, ",snapshot=on"), [*drive(1, fresh), "-snapshot"]):
            status, out, err = run([*OURS, "-bios", FLASH, *options])
            expect_equal((status, out, err), (0, written, ""), f"{options}")
            expect(files.read("bank") == before, "a snapshot has changed its image")
        os.chmod(fresh, 0o400)
        theirs = run(QEMU + ["-bios", FLASH, *drive(1, fresh, ",readonly=on")], 60)
        status, out, err = run([*OURS, "-bios", FLASH, *drive(1, fresh, ",readonly=on")])
        expect(status == 0 and "erase 0xa000a0" in out and "erase 0xa000a0" in theirs[1], out + theirs[1])
        expect(files.read("bank") == before, "a protected image has changed")
        status, out, err = run([*OURS, "-bios", FLASH])
        expect(status == 0 and "\nbytes 0xff 0xffff 0xffffffff " in out and "runs 0x7" in out, out + err)


# Says who it is and the top of where it runs, then powers off.
WHO = """.globl _start
_start: auipc s0, 0
li t0, 0x10000000
li t1, '%s'
sb t1, 0(t0)
srli t1, s0, 24
andi t2, t1, 15
srli t1, t1, 4
addi t1, t1, '0'
sb t1, 0(t0)
addi t2, t2, '0'
sb t2, 0(t0)
li t0, 0x100000
li t1, 0x5555
sw t1, 0(t0)
1: j 1b
"""


# Likewise behind OpenSBI, for harts that come to its end.
WHO_BEHIND = """.globl _start
_start: auipc s0, 0
li a0, '%s'
li a7, 1
ecall
srli a0, s0, 24
andi a0, a0, 15
addi a0, a0, '0'
ecall
li a7, 8
ecall
1: j 1b
"""


def begins():
    """Where harts begin, as on QEMU 7.2: in bank 0, if it has an image, whatever the firmware."""
    with Files() as files:
        bank = drive(0, files.image("bank", files.program("flash", WHO % "F")))
        files.program("bios", WHO % "B")
        bios = ["-bios", files.path("bios.elf")]
        behind = drive(1, files.image("behind", files.program("s", WHO_BEHIND % "S")))
        for options, wanted in ((bank, "F20"), (bank + bios, "F20"), (bank + ["-bios", "none"], "F20"), (bank + behind, "F20"), (bios + behind, "B80")):
            expect_equal(compare(options), wanted, f"{options}")
        out = [run([*machine, "-bios", DYNAMIC, *behind], 100) for machine in (OURS, QEMU)]
        expect_equal([(result[0], result[1][-2:]) for result in out], [(0, "S2"), (0, "S2")], "behind OpenSBI")
        # what later QEMUs have: bank 0 of a node runs behind the firmware, if there is one
        node = ["-blockdev", f"driver=file,filename={files.path('bank')},node-name=n", "-M", "virt,pflash0=n"]
        expect_equal(run([*OURS, *node]), (0, "F20", ""), "no firmware")
        expect_equal(run([*OURS, *node, "-bios", "none"]), (0, "F20", ""), "-bios none")
        expect_equal(run([*OURS, *node, *bios]), (0, "B80", ""), "firmware")
        node[1] = f"driver=file,filename={files.path('behind')},node-name=n"
        status, out, err = run([*OURS, "-bios", DYNAMIC, *node], 100)
        expect_equal((status, out[-2:], err), (0, "S0", ""), "behind OpenSBI, bank 0")


# Sums up 64 KiB of its own bank, by bytes to doublewords, as often as it takes; then the sum as letters.
SUM = """.globl _start
_start: li s1, 0
li s2, 3
again: auipc s0, 0
andi s0, s0, -16
li t1, 0x10000
add s3, s0, t1
1: lbu t0, 0(s0)
add s1, s1, t0
lhu t0, 2(s0)
add s1, s1, t0
lwu t0, 4(s0)
add s1, s1, t0
ld t0, 8(s0)
add s1, s1, t0
addi s0, s0, 16
bltu s0, s3, 1b
addi s2, s2, -1
bnez s2, again
li t0, 0x10000000
li t2, 64
2: addi t2, t2, -4
srl t1, s1, t2
andi t1, t1, 15
addi t1, t1, 'a'
sb t1, 0(t0)
bnez t2, 2b
li t0, 0x100000
li t1, 0x5555
sw t1, 0(t0)
1: j 1b
"""


def executes():
    """A program that runs in flash and reads it is one run, whatever translates it and whatever looks on, timed or not."""
    with Files() as files:
        code = files.program("sum", SUM)
        fill = struct.pack("<64Q", *(i * 0x9E3779B97F4A7C15 % 2**64 for i in range(64)))
        bank = drive(0, files.image("bank", code + bytes(-len(code) % 512), fill))
        out = compare(bank)
        for cpu in ("ideal", "cva6"):
            hashes = set()
            for program, options in ((RVSIM, []), (PLAIN, []), (RVSIM, ["--set", "engine.block_ops=1"])):
                status, text, stats = stats_of([program, *OURS[1:], "--cpu", cpu, *bank, *options])
                expect_equal((status, text), (0, out), f"{cpu} {options}")
                hashes.add(stats["trace_hash"])
            expect_equal(len(hashes), 1, f"runs with {cpu}")
        word = f"{struct.unpack('<I', code[:4])[0]:08x}"
        status, _, err = run([*OURS, *bank, "--debug-cmd", "step 20;x/1xw 0x20000000;disas 0x20000000 2"])
        expect(status == 0 and err.count(word) >= 2, f"no {word} in:\n{err}")



def cases():
    yield "items", items
    yield "kernel-in-flash", kernel_in_flash
    yield "given", given
    yield "flash", flash
    yield "kept", kept
    yield "begins", begins
    yield "executes", executes
