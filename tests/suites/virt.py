"""What users of QEMU's virt machine expect: its device tree, its options, kernels as linkers and packers make them."""
import gzip
import os
import re
import struct
import tempfile
from suites.tools import GUESTS, FIRMWARE, OPENSBI, QEMU, RVSIM, expect, expect_equal, guest, run

OPENSBI_DYNAMIC = OPENSBI.replace("fw_jump.elf", "fw_dynamic.bin")
UBOOT = "/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf"
CLANG, LLD = "clang-19", "-fuse-ld=lld"


def read_tree(path):
    with open(path, "rb") as file:
        return parse_tree(file.read())


def parse_tree(blob):
    """{node's path: {property: bytes}} of a flattened device tree, in its order."""
    magic, _, structure, strings = struct.unpack_from(">4I", blob)
    expect_equal(magic, 0xD00DFEED, "a tree's magic")
    nodes, names, at = {}, [], structure
    while True:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            names.append(blob[at:end].decode())
            nodes["/".join(names) or "/"] = {}
            at = (end + 4) & ~3
        elif token == 2:
            names.pop()
        elif token == 3:
            size, name = struct.unpack_from(">2I", blob, at)
            name = blob[strings + name:blob.index(b"\0", strings + name)].decode()
            nodes["/".join(names) or "/"][name] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == 9:
            return nodes
        else:
            expect_equal(token, 4, "a token of a tree")


def tree_of(program, options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tree")
        command = [program, "-M", "virt,dumpdtb=" + path, "-display", "none"] + options
        status, _, err = run(command, 60)
        return read_tree(path) if status == 0 and os.path.exists(path) else err


def trees(options):
    return tree_of(RVSIM, options), tree_of(QEMU[0], options)


# Devices of QEMU's that are not here, and properties that say what is different here.
NOT_HERE = re.compile(r"/(platform-bus@|soc/pci@)")
DIFFERENT = {("/", "model"), ("/chosen", "rng-seed"), ("/pmu", "riscv,event-to-mhpmcounters")}
HARTS_OWN = {"riscv,isa", "mmu-type"}
ADDED = {"riscv,isa-base", "riscv,isa-extensions", "riscv,cbom-block-size", "riscv,cbop-block-size", "riscv,cboz-block-size",
         "riscv,event-to-mhpmevent", "riscv,raw-event-to-mhpmcounters"}


def compare_trees(harts):
    ours, theirs = trees(["-smp", str(harts), "-m", "768M"])
    expect_equal(list(ours), [path for path in theirs if not NOT_HERE.match(path)], "nodes in their order")
    for path, properties in ours.items():
        expect_equal(set(properties) - ADDED, set(theirs[path]), f"properties of {path}")
        for name, value in properties.items():
            different = (path, name) in DIFFERENT or name in ADDED or re.fullmatch("/cpus/cpu@[0-9a-f]+", path) and name in HARTS_OWN
            if different:
                expect(name in ADDED or value != b"", f"{path} {name} is empty")
            else:
                expect_equal(value, theirs[path][name], f"{path} {name}")
    expect_equal(len(ours["/chosen"]["rng-seed"]), 32, "rng-seed")


def isa_in_tree():
    """Both spellings, and that nothing is cut where U-Boot 2023.01 prints one."""
    ours = tree_of(RVSIM, ["--isa", "all"])
    hart = ours["/cpus/cpu@0"]
    names = hart["riscv,isa-extensions"].rstrip(b"\0").decode().split("\0")
    short = hart["riscv,isa"].rstrip(b"\0").decode()
    expect(len(short) < 260, f"riscv,isa of {len(short)} characters")
    expect(short.startswith("rv64imafdch_"), short)
    expect(set(short[12:].split("_")) < set(names) and names[:7] == list("imafdch"), f"{short}: {names}")
    # each of these alone takes itself out of both
    for name in ["zicbom", "sstc", "zba", "h", "zaamo"]:
        less = tree_of(RVSIM, ["--isa", "-" + name])["/cpus/cpu@0"]
        expect(name not in less["riscv,isa-extensions"].decode().split("\0"), f"-{name} is in the list")
        expect_equal("riscv,cbom-block-size" in less, name != "zicbom", f"cbom-block-size with -{name}")


def valid():
    """dtc finds nothing wrong but what it finds in QEMU's tree."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tree")
        for options in (["-smp", "3"], ["--isa", "all,+smrnmi", "--set", "geilen=4"], ["--isa", "rva22s64"]):
            run([RVSIM, "-dump-dtb", path] + options)
            status, _, err = run(["dtc", "-I", "dtb", "-O", "dtb", "-o", os.devnull, path])
            lines = [line for line in err.splitlines() if "interrupt-controller: Missing #address-cells" not in line]
            expect_equal((status, lines), (0, []), f"dtc on the tree with {options}")


SIZES = ["1.5G", "1.1G", "size=256M", "256,slots=2,maxmem=1G", "256,maxmem=512M", "1g", "0x100", "20000K", "9.75M", "1.5", ".5G", "1e3",
         "256,foo=1", ",slots=2", "1..5G"]
TOPOLOGIES = ["cores=4", "2,sockets=2", "4,cores=2", "4,cores=2,threads=2", "cpus=4,maxcpus=8", "4,maxcpus=2", "3,cores=2", "threads=3",
              "sockets=2,cores=2,threads=2", "2,dies=1", "2,dies=2", "2,clusters=2", "2,foo=1", "4,threads=2", "2,"]


def shape(tree):
    """Bytes of memory and number of harts, or that it was refused."""
    if isinstance(tree, str):
        return "refused"
    return tree["/memory@80000000"]["reg"], sum(bool(re.fullmatch("/cpus/cpu@[0-9a-f]+", path)) for path in tree)


def same_shape(options):
    ours, theirs = trees(options)
    expect_equal(shape(ours), shape(theirs), " ".join(options))


def every_option_is_known():
    """QEMU's -help names its options: each is accepted, or refused for what it is; none is unknown."""
    _, text, _ = run([QEMU[0], "-help"])
    names = re.findall(r"^-([a-z-]\S*)", text, re.M | re.I)
    names = sorted({part.strip("-/") for name in names for part in name.split("/-")} - {"h", "help", "version", "audio-help"})
    expect(len(names) > 100, f"only {names}")
    for name in names:
        status, _, err = run([RVSIM, "-" + name], 20)
        expect(status == 2 and "unknown option" not in err, f"-{name}: exit {status}, {err}")


PASS = """.globl _start
_start: li t0, 0x100000
li t1, 0x5555
sw t1, 0(t0)
1: j 1b
"""


# SBI's system reset: shutdown
SHUTDOWN = """.globl _start
_start: li a7, 0x53525354
li a6, 0
li a0, 0
li a1, 0
ecall
1: j 1b
"""


# Its device tree on the console, a letter from 'a' to 'p' for four bits
TELL_TREE = """.globl _start
_start: mv s0, a1
addi s2, s0, 4
lbu s1, 2(s2)
lbu t0, 3(s2)
slli s1, s1, 8
or s1, s1, t0
add s1, s1, s0
1: lbu s3, 0(s0)
srli a0, s3, 4
call tell
andi a0, s3, 15
call tell
addi s0, s0, 1
bne s0, s1, 1b
""" + SHUTDOWN.split("_start:")[1] + """
tell: addi a0, a0, 'a'
li a7, 1
ecall
ret
"""


class Built:
    """A program that passes, as different linkers and packers make it."""
    def __init__(self, folder, source=PASS):
        self.folder = folder
        with open(self.path("pass.S"), "w") as file:
            file.write(source)

    def path(self, name):
        return os.path.join(self.folder, name)

    def build(self, command):
        status, out, err = run(command)
        expect_equal(status, 0, f"{command}: {out}{err}")

    def link(self, name, compiler, *flags):
        self.build([*compiler, "-march=rv64imac", "-mabi=lp64", "-nostdlib", "-static", *flags, self.path("pass.S"), "-o", self.path(name)])
        return self.path(name)

    def flat(self):
        elf = self.link("flat.elf", ["riscv64-unknown-elf-gcc"], "-Wl,-Ttext=0x80200000")
        self.build(["riscv64-unknown-elf-objcopy", "-O", "binary", "-j", ".text", elf, self.path("flat")])
        return self.path("flat")

    def packed(self, name):
        with open(name, "rb") as file, open(name + ".gz", "wb") as out:
            out.write(gzip.compress(file.read()))
        return name + ".gz"

    def uimage(self, name, compression, data, *more):
        self.build(["mkimage", "-A", "riscv", "-O", "linux", "-T", "kernel", "-C", compression, "-a", "0x80400000", "-e", "0x80400000",
                    "-n", name, *more, "-d", data, self.path(name)])
        return self.path(name)


def linked():
    gcc, clang = ["riscv64-unknown-elf-gcc"], [CLANG, "--target=riscv64-unknown-elf", LLD]
    with tempfile.TemporaryDirectory() as folder:
        built = Built(folder)
        for name, compiler, flags in [("ld", gcc, []), ("lld", clang, []), ("build-id", gcc, ["-Wl,--build-id"]),
                                      ("lld-build-id", clang, ["-Wl,--build-id"])]:
            program = built.link(name, compiler, "-Wl,-Ttext=0x80000000", *flags)
            ours = run([RVSIM, "--max-insns", "1000", program], 60)
            theirs = run(QEMU + ["-bios", program], 60)
            expect_equal((name, ours), (name, (0, "", "")), "an ELF with its headers below memory")
            expect_equal(theirs[0], 0, f"{name} on QEMU")


def unplaced():
    """Position independent and linked at 0, as OpenSBI's ELF files from 1.4 on: refused, by QEMU too; as a flat file it runs on both."""
    with tempfile.TemporaryDirectory() as folder:
        built = Built(folder, PASS + ".space 0x2000\n")
        program = built.link("pie", [CLANG, "--target=riscv64-unknown-elf", LLD], "-Wl,-pie,--no-dynamic-linker,--image-base=0,--no-rosegment")
        flat = built.path("pie.bin")
        built.build(["riscv64-unknown-elf-objcopy", "-O", "binary", "-j", ".text", program, flat])
        status, _, err = run([RVSIM, "-M", "virt", "-bios", program], 60)
        said = f"rvsim: {program}: is position independent and linked at 0, where there is no memory: give it as a flat file"
        expect_equal((status, err[:len(said)], err.count("\n")), (2, said, 1), "an ELF that is linked at 0")
        expect_equal(run(QEMU + ["-bios", program], 60)[0], 1, "the same on QEMU")
        for machine in ([RVSIM, "-M", "virt"], QEMU):
            expect_equal(run(machine + ["-bios", flat], 60)[0], 0, f"{machine[0]} with the flat file")


def packed():
    with tempfile.TemporaryDirectory() as folder:
        built = Built(folder)
        flat = built.flat()
        gz = built.packed(flat)
        images = [built.uimage("plain", "none", flat), built.uimage("gzip", "gzip", gz)]
        for kernel in [flat, gz, built.packed(built.path("flat.elf"))] + images:
            options = ["-bios", OPENSBI_DYNAMIC, "-kernel", kernel]
            expect_equal(run([RVSIM, "-M", "virt", *options], 120)[0], 0, kernel)
            if kernel in images:
                expect_equal(run(QEMU + options, 120)[0], 0, f"{kernel} on QEMU")
        options = ["-bios", OPENSBI_DYNAMIC, "-kernel", built.uimage("lzma", "lzma", flat)]
        expect_equal(run([RVSIM, "-M", "virt", *options])[::2],
                     (2, f"rvsim: {built.path('lzma')}: is a uImage with lzma compression: only gzip is supported\n"), "lzma")


def packed_guest():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "hello.gz")
        with open(guest(GUESTS[0]), "rb") as file, open(path, "wb") as out:
            out.write(gzip.compress(file.read()))
        plain, ours = run([RVSIM, FIRMWARE, guest(GUESTS[0]) + ",name=g"]), run([RVSIM, FIRMWARE, path + ",name=g"])
        expect_equal(ours, plain, "a gzip'd guest")
        # its headers below its memory
        program = Built(folder, SHUTDOWN).link("guest", ["riscv64-unknown-elf-gcc"], "-Wl,-Ttext=0x80000000")
        status, out, err = run([RVSIM, FIRMWARE, program + ",name=g", "--max-insns", "30000000"])
        expect_equal(status, 0, out + err)


def tree_of_a_guest():
    """A guest's extensions as a list, too, and no more of them than in the string."""
    with tempfile.TemporaryDirectory() as folder:
        program = Built(folder, TELL_TREE).link("guest", ["riscv64-unknown-elf-gcc"], "-Wl,-Ttext=0x80000000")
        for sstc in (True, False):
            status, out, err = run([RVSIM, "--isa", "+sstc" if sstc else "-sstc", FIRMWARE, program + ",vcpus=2"])
            told = max(re.findall("[a-p]+", out), key=len)
            expect(status == 0 and len(told) % 2 == 0, out + err)
            tree = parse_tree(bytes((ord(high) - 97) << 4 | ord(low) - 97 for high, low in zip(told[::2], told[1::2])))
            for hart in ("/cpus/cpu@0", "/cpus/cpu@1"):
                names = tree[hart]["riscv,isa-extensions"].decode().split("\0")
                expect_equal(names, ["i", "m", "a", "f", "d", "c", "zicntr", "zicsr", "zifencei", "zihpm"] + ["sstc"] * sstc + [""], hart)
                expect_equal(tree[hart]["riscv,isa"], b"rv64imafdc_sstc\0" if sstc else b"rv64imafdc\0", hart)
                expect_equal(tree[hart]["riscv,isa-base"], b"rv64i\0", hart)


def uboot_prints_the_isa():
    """Its line of the CPU is whole."""
    _, out, _ = run([RVSIM, "-M", "virt", "-bios", OPENSBI, "-kernel", UBOOT, "--expect", "^DRAM:", "--timeout", "100"], 110)
    tree = tree_of(RVSIM, [])
    expect("CPU:   " + tree["/cpus/cpu@0"]["riscv,isa"].rstrip(b"\0").decode() + "\n" in out.replace("\r", ""), out[-2000:])


def tree_place():
    """The ROM's word for where the tree lies is QEMU's, at any size of memory; a machine that has hardly any keeps it inside."""
    for size in ("64M", "128M", "200M", "1G", "4G"):
        machine = ["-M", "virt", "-m", size, "-S"]
        ours = re.search(r"^0x0*1020: 0x0*([0-9a-f]+)$", run([RVSIM, *machine, "--debug-cmd", "xp/1gx 0x1020", FIRMWARE])[2], re.M)
        _, out, err = run([QEMU[0], *machine, "-display", "none", "-monitor", "stdio", "-serial", "null"], 60, b"xp/1gx 0x1020\nquit\n")
        theirs = re.search(r"^0*1020: 0x0*([0-9a-f]+)", out, re.M)
        expect(ours and theirs, f"{ours} {theirs} {out} {err}")
        expect_equal(ours[1], theirs[1], f"where the tree lies with -m {size}")


def cases():
    for harts in (1, 2, 5):
        yield f"tree-{harts}", lambda harts=harts: compare_trees(harts)
    yield "isa-in-tree", isa_in_tree
    yield "dtc", valid
    yield "tree-place", tree_place
    for size in SIZES:
        yield f"m {size}", lambda size=size: same_shape(["-m", size])
    for harts in TOPOLOGIES:
        yield f"smp {harts}", lambda harts=harts: same_shape(["-m", "1G", "-smp", harts])
    yield "options", every_option_is_known
    yield "linked", linked
    yield "unplaced", unplaced
    yield "packed", packed
    yield "packed-guest", packed_guest
    yield "tree-of-a-guest", tree_of_a_guest
    yield "u-boot", uboot_prints_the_isa
