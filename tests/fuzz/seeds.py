"""Inputs that fuzzing starts from, and the words it tries: made here, so that no binary file has to be kept."""
import glob
import gzip
import importlib.util
import os
import random
import re
import struct
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")


def source_text(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


def elf():
    """The small program of the hostile tests, and all its spoiled forms."""
    spec = importlib.util.spec_from_file_location("hostile", os.path.join(ROOT, "tests/hostile/hostile.py"))
    hostile = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hostile)
    yield hostile.Program().bytes()
    for _, data in hostile.spoiled():
        yield data


def unpack():
    """Plain, gzip'd, in uImages; for a kernel and a ramdisk, and with checksums put right."""
    text = bytes(range(200)) * 2
    packed = gzip.compress(text, mtime=0)
    for kind in range(4):
        for data in (text, packed, packed + packed, packed + bytes(9), gzip.compress(bytes(70000), mtime=0)):
            yield bytes([kind]) + data
            for type_, compression in ((2, 0), (2, 1), (14, 1), (3, 0), (2, 5)):
                header = struct.pack(">7I4B32s", 0x27051956, 0, 0, len(data), 0x80200000, 0x80200000, zlib.crc32(data), 5, 26, type_,
                                     compression, b"name")
                yield bytes([kind]) + header[:4] + struct.pack(">I", zlib.crc32(header)) + header[8:] + data


class Tree:
    """A flattened device tree."""

    def __init__(self, version=17):
        self.version, self.structure, self.strings = version, b"", b""

    def begin(self, name):
        text = name.encode() + b"\0"
        self.structure += struct.pack(">I", 1) + text + bytes(-len(text) % 4)

    def prop(self, name, value):
        offset = len(self.strings)
        self.strings += name.encode() + b"\0"
        self.structure += struct.pack(">III", 3, len(value), offset) + value + bytes(-len(value) % 4)

    def end(self):
        self.structure += struct.pack(">I", 2)

    def bytes(self, reserved=()):
        map_ = b"".join(struct.pack(">QQ", *entry) for entry in reserved) + bytes(16)
        structure = self.structure + struct.pack(">I", 9)
        header = 40 if self.version >= 17 else 36
        at = (header + 7) // 8 * 8
        offsets = [at + len(map_), at + len(map_) + len(structure)]
        total = offsets[1] + len(self.strings)
        fields = [0xD00DFEED, total, offsets[0], offsets[1], at, self.version, 16, 0, len(self.strings)]
        fields += [len(structure)] if self.version >= 17 else []
        return struct.pack(f">{len(fields)}I", *fields).ljust(at, b"\0") + map_ + structure + self.strings


def devtree():
    for version in (17, 16):
        for chosen in range(4):
            tree = Tree(version)
            tree.begin("")
            tree.prop("#address-cells", struct.pack(">I", 2))
            tree.prop("compatible", b"riscv-virtio\0")
            if chosen:
                tree.begin("chosen")
                if chosen > 1:
                    tree.prop("bootargs", b"quiet\0")
                if chosen > 2:
                    tree.begin("module@0x80000000")
                    tree.prop("reg", struct.pack(">QQ", 0x80000000, 4096))
                    tree.end()
                tree.end()
            tree.begin("memory@80000000")
            tree.prop("reg", struct.pack(">QQ", 0x80000000, 1 << 29))
            tree.end()
            tree.end()
            for extra in (bytes(8), b"\xff" * 8, bytes(range(8))):
                yield tree.bytes([(0x80000000, 0x1000)] if chosen % 2 else ()) + extra


def rows():
    """(match, mask) of every instruction."""
    for path in sorted(glob.glob(os.path.join(ROOT, "sim/isa/insn.def"))):
        for match in re.finditer(r'^INSN\(\w+, *"[^"]*", *(0x[0-9a-f]+), *(0x[0-9a-f]+)', source_text(path), re.M):
            yield int(match[1], 16), int(match[2], 16)


def decode():
    words = list(rows())
    generator = random.Random(1)
    for choice in (0, 1, 2):
        for first in range(0, len(words), 16):
            data = bytes([choice]) + generator.randbytes(15)
            for match, mask in words[first:first + 16]:
                data += struct.pack("<I", match | generator.getrandbits(32) & ~mask & 0xFFFFFFFF) + b"\x40"
            yield data


def varint(value):
    data = b""
    while value > 127:
        data += bytes([value & 127 | 128])
        value >>= 7
    return data + bytes([value])


def records():
    """Symbols, an event or two of each type, where harts stood, hash, end."""
    generator = random.Random(2)
    types = len(re.findall(r"^EVENT\(", source_text("sim/base/trace_event.def"), re.M))
    symbol = bytes([24]) + varint(0) + varint(0x80000000) + varint(64) + varint(5) + b"start"
    guest = bytes([24]) + varint(1) + varint(0x80200000) + varint(0) + varint(4) + b"main"
    end = bytes([25, 0, 0]) + varint(100) + varint(90) + bytes([26]) + bytes(8)
    yield symbol + guest + end + bytes([27]) + varint(0)
    for kind in range(types):
        event = bytes([kind | 0x60, 0, generator.randrange(5)]) + b"".join(varint(generator.getrandbits(n)) for n in range(1, 12))
        yield symbol + event
        yield event + symbol + bytes([kind]) + generator.randbytes(40)
        yield bytes([kind]) + bytes(40) + end


def runs():
    """A block of six instructions, registers, and runs of it: predicted, broken off, with and without values."""
    addi, ld, amoadd, fld, jal = 0x00128293, 0x0005b303, 0x00b5302f | 7 << 7, 0x0005b507, 0x000000EF
    text = bytes([29]) + varint(0x80000000) + bytes([0, 3, 6])
    for word in (addi, ld, amoadd, fld, jal):
        text += struct.pack("<I", word) + varint(2)
    text += struct.pack("<H", 0x0001) + varint(4)
    registers = bytes([30, 0, 0]) + struct.pack("<Q", 1 << 11 | 1 << 40) + struct.pack("<QQ", 0x80001000, 1 << 62)
    values = bytes([0x21, 0x08, 5, 6, 7]) + bytes(range(8))
    first = bytes([0x80 | 13, 1, 6]) + varint(14) + values
    yield text + registers + first + bytes([0x80]) + values + bytes([0x84, 2, 0x01, 9]) + bytes([0x86, 2, 5, 0x80, 3])
    yield text + registers + first + bytes([30, 0, 1]) + struct.pack("<Q", 0) + bytes([27]) + varint(9)
    yield text + bytes([30, 1, 0]) + bytes(8) + bytes([0x80 | 0x20 | 31, 1, 1, 0, 1]) + varint(300) + varint(7)


def chunk(blocks):
    """The only chunk of a trace file: sim/trace/chunk.h."""
    frame = zstd_frame(blocks)
    head = struct.pack("<IIIII", 0x184D2A50, 16, 1 << 31, len(frame), zlib.crc32(frame))
    return head + struct.pack("<I", zlib.crc32(head)) + frame


def zstd_frame(blocks):
    """Raw (bytes) and run-length ((byte, count)) blocks: no compressor needed."""
    size = sum(len(block) if isinstance(block, bytes) else block[1] for block in blocks)
    data = struct.pack("<IBI", 0xFD2FB528, 0xA0, size)  # one segment, its size in four bytes
    for i, block in enumerate(blocks):
        last = i == len(blocks) - 1
        if isinstance(block, bytes):
            data += (last | len(block) << 3).to_bytes(3, "little") + block
        else:
            data += (last | 2 | block[1] << 3).to_bytes(3, "little") + bytes([block[0]])
    return data


def trace():
    header = b"rvtrace\n" + struct.pack("<IIQQII", 5, 2, 7, 8, 0xFFFFFF, 0)
    for data in (*records(), *runs()):
        yield b"\1\1" + data
        yield b"\0" + chunk([header, data])
    yield b"\0" + chunk([header, (0, 1000)])
    yield b"\0" + chunk([header[:20]])
    yield b"\0" + zstd_frame([header])
    yield b"\0" + header


LINES = [
    "-M virt,aia=none -smp cpus=4 -m size=2G -bios fw.elf -kernel Image -append a,,b -nographic",
    "-machine type=virt,dumpdtb=x.dtb -cpu rv64,h=true,sstc=off -serial file:out -display none",
    "--isa rv64imafdch_zicsr_sstc --cpu ideal --timing on --quantum 1 --seed 7 fw.elf",
    "--set tlb.entries=1 --set engine.flush_always=yes --set pmp.entries=64 --set ad=fault fw.elf",
    "--trace t,events=world,trap,insn --stats s.json --check percpu,worldswitch --timeout 2.5 fw.elf",
    "--max-cycles 100 --max-insns 0x10 --signature sig --expect ^ok --fail-on no --quiet fw.elf",
    "-smp 4 fw.elf guest.elf,vcpus=2,memory=64M,cpus=0-1+3,name=one,args=a,,b,initrd=i other",
    "-bios fw -device guest-loader,addr=0x84000000,kernel=Image,bootargs=quiet -device guest-loader,addr=1,initrd=i",
    "--debug --debug-cmd help -S fw.elf", "--version", "--help", "--set help", "--", "-", "", "fw.elf", "-smp", "-m 4k fw",
    "--isa all fw", "--isa -h,-sstc fw", "--isa rv64gc fw", "--isa +zkr fw", "-drive x", "-s", "-gdb tcp::1",
    "--isa rv64i2p1_m2p0_a2p1_zicsr2p0_zic64b1p0,-zaamo fw", "--isa rva22s64_sha_sv391p0 fw", "-cpu rva22s64,h=true,v=false,pmu-num=4 fw",
    "-smp 4,sockets=2,cores=2,threads=1,maxcpus=4 -m 1.5G,slots=2,maxmem=2G -name x -net none -k en-us -accel tcg,thread=multi fw",
]


def options():
    for line in LINES:
        yield line.replace(" ", "\n").encode()


def preset():
    for path in sorted(glob.glob(os.path.join(ROOT, "sim/timing/presets/*.cpu"))):
        text = open(path).read()
        yield text.encode()
        yield re.sub(r" *#.*", "", text).encode()
    for name in words("preset"):
        yield f"{name} = 1\n {name}=64 # {name}\r\n\n".encode()


COMMANDS = [
    "help", "help step", "step", "step 5 hart 1", "s 3 hart all", "step world", "step trap", "next 3", "finish", "until 0x80000070",
    "continue", "c 100", "hart 1", "break 0x80000060 if $a0 == 3", "tbreak 0x80000074", "watch $sp+8 4", "catch trap 8",
    "catch world VS", "catch csr mepc", "catch tp", "catch irq", "delete 1", "delete", "info regs", "info fregs", "info csr",
    "info harts", "info breakpoints", "info tlb", "info percpu", "info zones", "info vcpus", "info switch", "info gstage", "info gstage hart 1", "info gstage 8<<60|0x80000",
    "info pt satp", "info pt vsatp 10<<60|0x80000", "info cache l1d", "info tlb engine", "catch switch", "catch switch 1", "catch exit 10", "catch trap load page fault",
    "add-symbol-file program zone 1 asid 2", "symbol-file program 0x1000 -o 4", "print &firmware:_start", "info irq", "info tp", "info mtree", "info stats",
    "csr mstatus", "csr hgatp", "x/4xw 0x80000000", "x/s 0x80000000", "x/3i $pc", "xp/8xb 0x1000", "disas $pc 4", "disas",
    "print -1 * (2 + $mstatus) >> 3", "p/x 5", "print *0x80000000", "print ~0 % 7 && !1 || 3 != 4", "translate 0x80000000 w VS",
    "translate $pc x", "why", "trace on file all", "trace off", "source script", "quit", "quit 7", "info -json", "info harts -json", "-info -json gstage", "info tlb engine -json", "info mtree -json", "bt full -json",
    "why -json", "csr mstatus -json", "translate 0x80000000 w VS -json", "print/x -json $pc", "x/4xw 0x80000000 -json", "# nothing", "", "x/999u $pc",
]


def debugger():
    for command in COMMANDS:
        yield command.encode()
    generator = random.Random(3)
    for _ in range(60):
        yield ";".join(generator.choices(COMMANDS, k=generator.randrange(2, 8))).encode()


PACKETS = ["qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+", "QStartNoAckMode", "!", "?", "Hg0", "Hcp1.-1", "Hgp2.2", "qXfer:features:read:target.xml:0,ffb",
           "qXfer:threads:read::0,1000", "qXfer:memory-map:read::10,1000", "qfThreadInfo", "qsThreadInfo", "qThreadExtraInfo,p1.2", "qC", "qAttached:1", "Tp1.1",
           "g", "p20", "p4262", "p1042", "P20=0000008000000000", "P1042=0100000000000000", "P2ea=ff00000000000000", "m80000000,40", "x80000000,10", "M80000100,2:0102",
           "X80000100,2:ab", "Z0,80000010,4", "z0,80000010,4", "Z1,80000070,2", "Z2,80000100,8", "Z3,80000000,80", "Z4,80000ffc,8", "z3,80000000,80", "vCont?", "vCont;c", "vCont;s:p1.1",
           "vCont;s:p1.2;c", "vCont;r80000000,80000020:p1.1", "vCont;t", "vCont;c:p1.2", "vStopped", "vCtrlC", "QNonStop:1", "QNonStop:0", "D", "D;1", "vAttach;1", "vAttach;2", "vRun", "vKill;1",
           "k", "R00", "c", "s", "C05", "S05;80000000", "bs", "bc", "qCRC:80000000,100", "qSearch:memory:80000000;1000;abc", "Qqemu.PhyMemMode:1", "qqemu.PhyMemMode", "vMustReplyEmpty",
           "qRcmd,696e666f206861727473", "qRcmd,70687973206f6e", "qRcmd,7a6f6e652030", "qRcmd,636f6e74696e7565", "qRcmd,63617463682074726170", "qRcmd,71756974", "\x03", "\x01$g#67+-",
           "\x02$m80000000,4#", "G" + "00" * 264]


def gdb():
    for packet in PACKETS:
        yield packet.encode("latin-1")
    generator = random.Random(5)
    for _ in range(120):
        yield "\n".join(generator.choices(PACKETS, k=generator.randrange(2, 10))).encode("latin-1")


def machine():
    generator = random.Random(4)
    for _ in range(100):
        yield generator.randbytes(generator.randrange(8, 700))


def words(target):
    if target == "options":
        found = re.findall(r'(?:VALUE|TEXT|FLAG|NUMBER|REFUSED)\("([\w-]+)"', source_text("sim/cli/options.c"))
        found += re.findall(r'^(?:IGNORED|ONLY|REFUSED)\("([\w-]+)"', source_text("sim/cli/qemu.def"), re.M)
        found += re.findall(r'^PROFILE\("(\w+)"', source_text("sim/isa/profile.def"), re.M)
        found += re.findall(r'^\t\{ "([\w.]+)", KIND', source_text("sim/machine/params.c"), re.M)
        found += re.findall(r'^EXT\(\w+, "(\w+)"', source_text("sim/isa/ext.def"), re.M)
        return found + [word for line in LINES for word in re.split(r"[ ,=]", line) if word] + ["vcpus=", ",,", "=", "virtio-net-device"]
    if target == "preset":
        return re.findall(r'^TIMING\(\w+, "([\w.]+)"', source_text("sim/timing/param.def"), re.M) + \
            ["device." + name for name in re.findall(r"^DEVICE\((\w+)", source_text("sim/dev/devices.def"), re.M)] + ["model", "pipeline", "ideal", "="]
    if target == "debugger":
        found = [word for path in sorted(glob.glob(os.path.join(ROOT, "sim/debug/*.c")))
                 for word in re.findall(r'^COMMAND\(\w+, \d+, "(\w+)"', source_text(path), re.M)]
        found += ["$" + name for name in ("pc", "tp", "a0", "x5", "f3", "mstatus", "vsatp", "hgatp", "mode", "cycle")]
        return found + [word for line in COMMANDS for word in line.split()] + [";", "/", "0x80000000", "-1", "((((", "******"]
    if target == "gdb":
        return [word for packet in PACKETS for word in re.split(r"[;:,]", packet) if word.isprintable() and word and len(word) < 64] + [";", ":p1.1", ":p2.2", "-1"]
    if target == "devtree":
        return ["chosen", "bootargs", "module@0x80000000", "zone@0", "#address-cells", "linux,initrd-start"]
    if target == "recording":
        return ["rvsim-input"]
    return ["rvtrace", "RSC\x05"]  # libFuzzer wants one


def recording():
    yield b"rvsim-input\x00\x01\x00\x00\x00"
    yield b"rvsim-input\x00\x03\x00\x00\x00"
    yield b"\x01\x00\x20\x02\x03abc\x00\x30\x00\x01x\x01\x31\x03\x00"
    yield b"\x01\x01\x20\x02\x05hello"


def restore():
    yield b""
    yield bytes(range(0x80, 0xc0)) * 2
    yield b"\x40" + bytes(range(250)) + b"\x01\x00\x07\x20\x30\xee"


def devices():
    """What bytes mean is the target's; behind their end it goes on by itself."""
    draw = random.Random(3)
    for size in (1, 2, 8, 9, *([200] * 40)):
        yield draw.randbytes(size)


def write(target, folder):
    """Seeds of a target as files in folder/seeds, its words in folder/words. Returns both paths."""
    seeds, dictionary = os.path.join(folder, "seeds"), os.path.join(folder, "words")
    os.makedirs(seeds, exist_ok=True)
    for i, data in enumerate(globals()[target]()):
        with open(os.path.join(seeds, f"{i:04}"), "wb") as file:
            file.write(data)
    with open(dictionary, "w") as file:
        for word in sorted(set(words(target))):
            quoted = "".join(f"\\x{byte:02x}" for byte in word.encode())
            file.write(f'"{quoted}"\n')
    return seeds, dictionary
