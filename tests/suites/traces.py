"""What rvtrace says of events that only some traces hold, of traps on harts that write 0, and of files that are damaged or cut; and
Spike's commit log out of ours."""
import os
import re
import tempfile
from suites.tools import FIRMWARE, RVSIM, RVTRACE, expect, expect_equal, guest, run, stats_of

TLB = "build/debug/tlb.elf"
S = "unit=tlb stage=S"
VS = "unit=tlb stage=VS"
# Everything that happens to the TLB of tests/debug/tlb.S.
WANTED = f"""
<supervisor> what=fill {S} access=x va=0x80000180 pa=0x80000180 asid=5 first=2^30 reads_first=1
<supervisor+0xc> what=fence {S} entries=1
<supervisor+0x10> what=fill {S} access=x va=0x80000190 pa=0x80000190 asid=5 first=2^30 reads_first=1
<supervisor+0x18> what=fence {S} va=0x80001000 asid=6 entries=0
<supervisor+0x20> what=fence {S} va=0x80001000 asid=5 entries=1
<supervisor+0x24> what=fill {S} access=x va=0x800001a4 pa=0x800001a4 asid=5 first=2^30 reads_first=1
<supervisor+0x28> what=fence {VS} vmid=7 entries=0
<supervisor+0x30> what=fence unit=tlb stage=G vmid=7 entries=0
<guest> what=fill {VS} access=x va=0x800001c0 gpa=0x800001c0 pa=0x800001c0 asid=3 vmid=7 first=2^12 second=2^21 reads_first=3 reads_second=8
<guest+0x8> what=fill {VS} access=r va=0x80001000 gpa=0x80001000 pa=0x80001000 asid=3 vmid=7 first=2^12 second=2^21 reads_first=3 reads_second=8
<guest+0xc> what=fence {VS} va=0x80001000 vmid=7 entries=1
<guest+0x10> what=fill {VS} access=r va=0x80001000 gpa=0x80001000 pa=0x80001000 asid=3 vmid=7 first=2^12 second=2^21 reads_first=3 reads_second=8
"""


def dump_tlb(*options):
    """(hash, [line from its symbol on])."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        status, out, stats = stats_of([RVSIM, "--trace", f"{path},events=tlb", *options, TLB], 60)
        expect_equal(status, 0, out)
        status, out, err = run([RVTRACE, "dump", "--type=tlb", path], 60)
        expect_equal(status, 0, err)
    return stats["trace_hash"], [line.split(None, 5)[5] for line in out.splitlines() if " unit=tlb " in line]


def tlb(*options):
    found, lines = dump_tlb(*options)
    expect_equal(found, stats_of([RVSIM, *options, TLB], 60)[2]["trace_hash"], "trace hash with and without tlb events")
    expect_equal(lines, WANTED.strip().splitlines(), "tlb events")


# ---- what the hart gave, and the truth ----

TRUTH = {"tval2": 0x4000001, "tinst": 0x4783}  # of the guest's load that guests/mmio.c makes first


def given(*zeros):
    """A hart that writes 0 by choice: traces and `why` show the 0 that the CSRs hold, and the truth behind it."""
    options = [word for name in zeros for word in ("--set", f"{name}=zero")]
    wanted = {name: 0 if name in zeros else value for name, value in TRUTH.items()}
    hidden = [f"{name}:{value:#x}" for name, value in TRUTH.items() if name in zeros]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        expect_equal(run([RVSIM, "--trace", path, *options, FIRMWARE, guest("mmio")], 60)[0], 0, "run")
        lines = run([RVTRACE, "dump", "--type=trap", path], 60)[1].splitlines()
        expect_equal(run([RVTRACE, "diff", path, path], 60)[0], 0, "diff")
    line = next(line for line in lines if "load guest-page fault" in line)
    expect(" tval2={tval2:#x} tinst={tinst:#x}".format(**wanted) + (" true=" + ",".join(hidden) if hidden else "") == line[line.index(" tval2="):],
           line)
    expect(all(" true=" not in line for line in lines) or hidden, "a truth beside itself")
    script = "catch trap 21\ncontinue\nwhy\nprint $htval\nprint $htinst\nquit\n"
    said = run([RVSIM, *options, "--debug", FIRMWARE, guest("mmio")], 60, stdin=script.encode())[2]
    values = "tval2 {tval2:#x} tinst {tinst:#x}".format(**wanted) + (f" (true: {' '.join(hidden).replace(':', ' ')})\n" if hidden else "\n")
    registers = "".join(f"\n{value:#x} {value}" for value in wanted.values())
    expect(values in said and registers in said, said)


def accesses_alone():
    """Whoever asks for accesses only gets these, the same as with the instructions that make them."""
    with tempfile.TemporaryDirectory() as folder:
        path, found = os.path.join(folder, "t"), []
        for events, options in (("mem", []), ("mem,insn", ["--type=mem"])):
            expect_equal(run([RVSIM, "--trace", f"{path},events={events}", TLB], 60)[0], 0, "run")
            found.append([line for line in run([RVTRACE, "dump", *options, path], 60)[1].splitlines() if not line.startswith("#")])
    expect(len(found[0]) > 2 and all(" mem " in line for line in found[0]), f"not accesses alone: {found[0][:10]}")
    expect_equal(found[0], found[1], "accesses without and with instructions")


def configurations():
    """`info` has a number of all that can change a result, and of nothing else; `diff` says where runs differ by it."""
    with tempfile.TemporaryDirectory() as folder:
        def number_of(*arguments, events="default"):
            path = os.path.join(folder, f"t{len(os.listdir(folder))}")
            expect_equal(run([RVSIM, "--max-insns", "1000", "--trace", f"{path},events={events}", *arguments], 60)[0] in (0, 3), True, "run")
            return path, re.search(r"^configuration +(0x[0-9a-f]{16})$", run([RVTRACE, "info", path])[1], re.M)[1]

        first, number = number_of(TLB)
        for arguments, events in (([TLB], "default"), ([TLB], "all"), (["-serial", "null", TLB], "default"), (["--stats", "/dev/null", TLB], "default")):
            expect_equal(number_of(*arguments, events=events)[1], number, f"{arguments}: nothing that changes a result")
        others = [["-m", "64M", TLB], ["-smp", "2", TLB], ["--quantum", "3", TLB], ["--isa", "-zba", TLB], ["--seed", "5", TLB], ["--cpu", "cva6", TLB],
                  ["--set", "tlb.entries=8", TLB], ["build/debug/why.elf"]]
        numbers = [number_of(*other) for other in others]
        expect_equal(len({number, *(found for _, found in numbers)}), 1 + len(others), f"numbers of {others}")
        for path, _ in numbers:
            expect("the runs' configurations differ" in run([RVTRACE, "diff", first, path])[2], "diff's note")


# ---- damaged and cut files ----

def small_trace(folder, *program):
    """A complete file of some kilobytes: (path, bytes)."""
    path = os.path.join(folder, "whole")
    events = "default" if program else "default,insn,csr"
    status, out, err = run([RVSIM, "--trace", f"{path},events={events}", *(program or [TLB])], 60)
    expect_equal(status, 0, err)
    with open(path, "rb") as file:
        return path, file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def commands(whole, path):
    yield ["dump", path]
    yield ["diff", whole, path]
    yield ["diff", path, whole]
    yield ["stat", path]
    yield ["info", path]
    yield ["export", "--format=spike", path]


def damage():
    """tests/unit/test_trace.c flips every bit for the reader: here some, all over the file, for every command."""
    with tempfile.TemporaryDirectory() as folder:
        whole, data = small_trace(folder)
        path, bits = os.path.join(folder, "damaged"), len(data) * 8
        for bit in sorted({*range(0, bits, bits // 120), *range(0, 192, 7), *range(bits - 64, bits, 5)}):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            write(path, flipped)
            for command in commands(whole, path):
                status, _, err = run([RVTRACE, *command], 60)
                expect(status == 2 and err.count("\n") == 1 and path in err, f"bit {bit}: {command[0]}: exit {status}, {err!r}")


def differing_and_damaged():
    """A difference before the damage does not hide it."""
    with tempfile.TemporaryDirectory() as folder:
        whole, data = small_trace(folder)
        other = os.path.join(folder, "other")
        expect_equal(run([RVSIM, "--trace", f"{other},events=default,insn,csr", "--cpu", "cva6", TLB], 60)[0], 0, "run")
        expect_equal(run([RVTRACE, "diff", whole, other], 60)[0], 1, "diff")
        with open(other, "rb") as file:
            flipped = bytearray(file.read())
        flipped[-3] ^= 4
        write(other, flipped)
        expect_equal(run([RVTRACE, "diff", whole, other], 60)[0], 2, "diff with a damaged end")


def cut():
    """What a killed run leaves is readable: a prefix, and a note; never damage."""
    with tempfile.TemporaryDirectory() as folder:
        whole, data = small_trace(folder, FIRMWARE, guest("hello"))
        path, lines, before = os.path.join(folder, "cut"), run([RVTRACE, "dump", whole], 60)[1], 0
        for size in sorted({*range(0, len(data), max(len(data) // 80, 1)), *range(60), *range(len(data) - 40, len(data))}):
            write(path, data[:size])
            status, out, err = run([RVTRACE, "dump", path], 60)
            expect(err.count("\n") == 1, f"{size} bytes: {err!r}")
            if status == 2:
                expect(before == 0 and "not a trace file, or cut off inside the header" in err, f"{size} bytes: {err!r}")
                continue
            expect(status == 0 and "no end record" in err and lines.startswith(out), f"{size} bytes: exit {status}, {err!r}")
            expect(len(out) >= before, f"{size} bytes give less than fewer did")
            before = len(out)
            status, out, err = run([RVTRACE, "info", path], 60)
            expect(status == 0 and "state          cut" in out, f"{size} bytes: {out!r} {err!r}")
        status, out, err = run([RVTRACE, "info", whole], 60)
        expect(before > 0 and status == 0 and not err, err)
        wanted = {"version": "7", "harts": "1", "seed": "0", "recorded": "trap,world,tp,irq",
                  "events": str(lines.count("\n")), "state": "complete"}
        found = dict(line.split(None, 1) for line in out.partition("\n{")[0].splitlines())
        expect_equal({key: found[key] for key in wanted}, wanted, out)
        expect(found["size"].startswith(f"{len(data)} bytes,"), out)


def old_version():
    """Traces before version 5, which had no checksums: one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "old")
        write(path, bytes.fromhex("28b52ffd0058") + bytes(100))
        for command in commands(path, path):
            status, out, err = run([RVTRACE, *command], 60)
            expect(status == 2 and not out and err.count("\n") == 1 and "record it again" in err, f"{command[0]}: {err!r}")


# ---- Spike's commit log ----

COMMITS = "build/debug/commits.elf"
FACTS = "tests/debug/commits.spike"
SPIKE_ISA = "rv64imafdch_zicntr_zihpm_zicsr_zifencei_sstc_svadu_svinval_zicbom_zicboz_zacas_zfh_zicclsm"


def own_lines(text):
    """From the program's first instruction to its store to tohost, and without what disassemblers say in their own words."""
    lines = [re.sub(r"^(core +\d+: 0x\w{16} \(0x\w{8}\)) .*", r"\1", line) for line in text.splitlines()]
    first = next(i for i, line in enumerate(lines) if "0x0000000080000000 (" in line)
    last = next(i for i, line in enumerate(lines) if line.endswith(" 0x0000000000000001") and "mem" in line
                and " c" not in line and ": 3 " in line and "(0x0063b023)" in line)
    return lines[first:last + 1]


def expect_lines(got, wanted, what):
    for i, (ours, theirs) in enumerate(zip(got, wanted)):
        expect_equal(ours, theirs, f"{what}, line {i + 1}")
    expect_equal(len(got), len(wanted), f"{what}: lines")


def export(*options):
    """(commit log, the same with disassembly) of the test program."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        status, out, err = run([RVSIM, "--set", "endian=little", "--set", "geilen=1", "--trace", f"{path},events=default,insn,csr",
                                *options, COMMITS], 60)
        expect_equal(status, 0, out + err)
        logs = []
        for more in ([], ["--disassembly"]):
            status, out, err = run([RVTRACE, "export", "--format=spike", *more, path], 60)
            expect(status == 0 and not err, err)
            logs.append(own_lines(out))
    return logs


def spike_facts(*options):
    with open(FACTS) as file:
        facts = own_lines("".join(line for line in file if not line.startswith("#")))
    commits, everything = export(*options)
    expect_lines(everything, facts, "with disassembly")
    expect_lines(commits, [line for line in facts if re.match(r"core +\d+: \d 0x", line)], "commit log")


def disassembly():
    """A mnemonic in a field of eight and operands apart, which is what converters look for; symbols; what repeats."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        expect_equal(run([RVSIM, "--trace", f"{path},events=default,insn", "--max-insns", "3000", COMMITS], 60)[0], 0, "run")
        out = run([RVTRACE, "export", "--format=spike", "--disassembly", path], 60)[1]
    for line in ["core   0: >>>>  _start", "core   0: 0x0000000080000000 (0x00000297) auipc   t0, 0x0",
                 "core   0: exception trap_machine_ecall, epc 0x", "core   0:           tval 0x0000000000000001"]:
        expect(line in out, f"no {line!r} in the log")
    found = re.findall(r"^core +\d+: +0x([a-f0-9]+?) +\(0x(.*?)\) +(.*?)$", out, re.M)  # riscv-dv's converter
    expect(len(found) > 300 and ("00000073", "ecall") in [(word, text) for _, word, text in found], "instructions")


def spike_itself():
    """With SPIKE= the path of one: the same program there, now."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log")
        status, out, err = run([os.environ["SPIKE"], "-l", "--log-commits", f"--log={path}", f"--isa={SPIKE_ISA}",
                                "-m0x80000000:0x1000000", COMMITS], 60)
        expect_equal(status, 0, err)
        with open(path) as file:
            expect_lines(export()[1], own_lines(file.read()), "against Spike")


def cases():
    for name, options in {"ideal": [], "cva6": ["--cpu", "cva6"], "one-op": ["--set", "engine.block_ops=1"],
                          "flush": ["--set", "engine.flush_always=yes"]}.items():
        yield f"spike-{name}", lambda options=options: spike_facts(*options)
    yield "spike-disassembly", disassembly
    if os.environ.get("SPIKE"):
        yield "spike-itself", spike_itself
    for zeros in ([], ["tinst"], ["tval2"], ["tval2", "tinst"]):
        yield "-".join(["given", *zeros]), lambda zeros=zeros: given(*zeros)
    yield "accesses-alone", accesses_alone
    yield "configurations", configurations
    yield "damage", damage
    yield "differing-and-damaged", differing_and_damaged
    yield "cut", cut
    yield "old-version", old_version
    for name, options in {"ideal": [], "cva6": ["--cpu", "cva6"], "one-op": ["--set", "engine.block_ops=1"],
                          "flush": ["--set", "engine.flush_always=yes"]}.items():
        yield f"tlb-{name}", lambda options=options: tlb(*options)
