"""A name belongs to a space: the host, a zone, a user program. Judged by readelf's symbols of each program."""
import os
import re
import tempfile
from suites.tools import FIRMWARE, RVSIM, RVTRACE, expect, expect_equal, guest, run, stats_of

READELF = "riscv64-linux-gnu-readelf"
OBJCOPY = "riscv64-linux-gnu-objcopy"


def symbols(path):
    """{name: [(address, size)]} of a program's functions."""
    found = {}
    for line in run([READELF, "-sW", path])[1].splitlines():
        words = line.split()
        if len(words) == 8 and words[3] == "FUNC":
            found.setdefault(words[7], []).append((int(words[1], 16), int(words[2], 0)))
    return found


def dump(options, programs, *filters):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        status, out, stats = stats_of([RVSIM, "--trace", path, *options, *programs], 120)
        expect_equal(status, 0, out)
        status, out, err = run([RVTRACE, "dump", *filters, path], 60)
        expect_equal((status, err), (0, ""), "rvtrace dump")
    return stats["trace_hash"], out


PLACE = re.compile(r"^ *\d+ +(\d+) (\S+) +(\S+) +0x([0-9a-f]+)(?: <([^+>]+)(?:\+0x([0-9a-f]+))?>)?(.*)")


def check_names(options, guests):
    """Every name that a trace gives is that of the program that ran, and functions have their names."""
    found, text = dump(options, [FIRMWARE, *guests], "--type=world,trap")
    # the firmware gives its zones' tables out in their order
    hgatps = sorted({int(hgatp, 16) for hgatp in re.findall(r" V[SU] world .* hgatp=0x([0-9a-f]+)", text)}, key=lambda hgatp: hgatp & (1 << 44) - 1)
    expect_equal(len(hgatps), len(guests), "hgatps")
    tables = {hgatp: symbols(path) for hgatp, path in zip(hgatps, guests)} | {0: symbols(FIRMWARE)}
    running, named = {}, {hgatp: 0 for hgatp in tables}
    for line in text.splitlines():
        hart, mode, kind, pc, name, offset, rest = PLACE.match(line).groups()
        pc, offset = int(pc, 16), int(offset or "0", 16)
        if kind == "world" and mode in ("VS", "VU"):
            running[hart] = int(re.search("hgatp=0x([0-9a-f]+)", rest)[1], 16)
        hgatp = running[hart] if mode in ("VS", "VU") else 0
        inside = [other for other, places in tables[hgatp].items() for at, size in places if at <= pc < at + size]
        if name in tables[hgatp]:
            expect(any(pc - offset == at and pc < at + size for at, size in tables[hgatp][name]), line)
            named[hgatp] += 1
        expect(not inside or name in inside, f"not {inside}: {line}")
    expect(all(count > 10 for count in named.values()), f"too few names: {named}")
    return found


def traces(harts, *options):
    options = ["-smp", str(harts), *options]
    found = check_names(options, [guest("smp"), guest("paging")])
    plain = stats_of([RVSIM, *options, FIRMWARE, guest("smp"), guest("paging")])[2]["trace_hash"]
    expect_equal(found, plain, "trace hash")


def more_guests():
    """Three programs on two harts, and one of them twice: harts change guests."""
    guests = [guest("timer"), guest("paging"), guest("timer"), guest("hello")]
    check_names(["-smp", "2"], guests)


def repl(script, *arguments):
    status, out, err = run([RVSIM, "--debug", *arguments], 120, script.encode())
    return status, err


def breakpoints(harts):
    """A breakpoint on a zone's function stops there alone, on whichever hart that is."""
    script = "break smp:sbi_call\n" + "continue\ninfo harts\n" * 6 + "delete\nbreak paging:try_access\n" + "continue\ninfo harts\n" * 6 + "quit\n"
    _, err = repl(script, "-smp", str(harts), FIRMWARE, guest("smp"), guest("paging"))
    stops = re.findall(r"^breakpoint (\d): (\w+):(\w+)\nhart \d+ VS +cycle \d+ +0x\w+ <([\w+]+)>", err, re.M)
    expect(len(stops) == 12 and {stop[1] for stop in stops} == {"smp", "paging"}, err)
    inlined = {"sbi_has"}  # the function's body is there, too
    expect(all(stop[3] in {stop[2], *inlined} or stop[3].split("+")[0] in inlined for stop in stops), f"stopped elsewhere: {stops}")


def asks():
    """What several programs have is asked about; what is qualified is found; errors are one line each."""
    script = "print _start\nprint hello:_start\nprint &firmware:_start\nbreak _start\nprint nosuch:_start\nprint hello:nosuch\nprint smp:\n" \
             "print paging:guest_main - hello:guest_main\nquit\n"
    status, err = repl(script, FIRMWARE, guest("hello"), guest("paging"))
    ambiguous = "`_start' is ambiguous: say firmware:_start, hello:_start or paging:_start"
    difference = symbols(guest("paging"))["guest_main"][0][0] - symbols(guest("hello"))["guest_main"][0][0]
    wanted = [ambiguous, "0x80200000 2149580800", "0x80000000 2147483648", ambiguous, "no program or zone `nosuch'",
              "no symbol `hello:nosuch'", "no program or zone `smp'", f"{difference & (1 << 64) - 1:#x} {difference}"]
    expect_equal([re.sub(" <.*", "", line) for line in err.splitlines()], wanted, "what was said")
    expect_equal(status, 6, "exit status")


# A flat image that maps gpa 0x80000000 at 0 for its two user programs, which have the same addresses: ASIDs 3 and 4 in turn.
FLAT = """
.globl _start
_start:	j begin
	.balign 8
	.dword 0x200000, 0x4000, 0
	.word 2, 0
	.dword 0
	.ascii "RISCV\\0\\0\\0RSC\\x05"
	.word 0
begin:	la t0, root
	srli t0, t0, 12
	li t1, 8 << 60 | 3 << 44
	or t0, t0, t1
	csrw satp, t0
	sfence.vma
	la t0, trap
	csrw stvec, t0
enter:	la t0, user
	li t1, 0x80000000
	sub t0, t0, t1
	csrw sepc, t0
	li t1, 0x100
	csrc sstatus, t1
	sret
	.balign 4
trap:	csrr t0, satp
	li t1, 7 << 44
	xor t0, t0, t1
	csrw satp, t0
	j enter
	.balign 0x1000
user:	nop
	ecall
	.balign 0x1000
root:	.dword 0x80000 << 10 | 0xdf, 0, 0x80000 << 10 | 0xcf
	.fill 509, 8, 0
"""
PROGRAM = ".globl {0}, both\n.type {0}, @function\n{0}: nop\necall\n.size {0}, . - {0}\nboth: nop\n"
BUILD = ["riscv64-unknown-elf-gcc", "-march=rv64i_zicsr", "-mabi=lp64", "-nostdlib", "-static", "-Wl,-N,--build-id=none,--no-warn-rwx-segments"]


def build(folder, name, source, address):
    path = os.path.join(folder, name)
    with open(path + ".S", "w") as out:
        out.write(source)
    status, _, err = run([*BUILD, f"-Wl,-Ttext={address:#x}", path + ".S", "-o", path + ".elf"])
    expect_equal(status, 0, err)
    return path + ".elf"


def flat_image():
    """A flat image has no names until its program is told; its user programs have theirs by ASID."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = build(folder, "kernel", FLAT, 0x80200000)
        one, two = (build(folder, name, PROGRAM.format("in_" + name), 0x201000) for name in ("one", "two"))
        image = os.path.join(folder, "flat")
        expect_equal(run([OBJCOPY, "-O", "binary", kernel, image])[0], 0, "objcopy")
        script = f"""catch world VS
continue
add-symbol-file {kernel} zone flat
hart 0
add-symbol-file {one} zone flat asid 3
add-symbol-file {two} zone flat asid 4
print both
delete
break two:in_two
continue
delete
break one:in_one
continue
delete
step
until flat:trap
add-symbol-file /nonexistent zone flat
symbol-file {one} asid 4
print flat:begin
continue 40
quit
"""
        status, err = repl(script, FIRMWARE, image)
    wanted = [r"0x0000000080200000: [0-9a-f]{8}  jal", "symbols of .*kernel.elf", r"0x0000000080200000 <_start>: ", "symbols", "symbols",
              "`both' is ambiguous: say one:both or two:both", "breakpoint 2 at 0x201000",
              "breakpoint 2: two:in_two\nhart 0 VU .* <in_two>: ", "breakpoint 3: one:in_one\nhart 0 VU .* <in_one>: ", "<in_one\\+0x4>: ",
              "<trap>: ", "/nonexistent: No such file", "symbols of .*one.elf", "no symbol `flat:begin'"]
    at = 0
    for text in wanted:
        found = re.compile(text).search(err, at)
        expect(found, f"no {text!r} in\n{err[at:]}\nof\n{err}")
        at = found.end()
    expect_equal(status, 6, "exit status")


def placed_files():
    """Where a file was loaded moves its symbols; a relocatable one has those of the sections that are somewhere."""
    at = symbols(guest("hello"))["guest_main"][0][0]
    text = int(re.search(r" \.text +PROGBITS +(\w+)", run([READELF, "-SW", guest("hello")])[1])[1], 16)
    obj = "build/guests/obj/hello.c.o"
    inside = symbols(obj)["guest_main"][0][0]
    script = f"""add-symbol-file {guest("hello")} {text + 0x1000:#x} zone 3
print vmid3:guest_main
symbol-file {guest("hello")} zone 3 -o 0x5000
print vmid3:guest_main
add-symbol-file {obj} zone 4
add-symbol-file {obj} 0x7000 zone 4
print vmid4:guest_main
add-symbol-file {obj} zone 5 -s .nosuch 0x100
quit
"""
    _, err = repl(script, FIRMWARE, guest("smp"))
    got = [int(address, 16) for address in re.findall(r"^\$\d = \{void \(void\)\} (0x\w+)", err, re.M)]
    expect_equal(got, [at + 0x1000, at + 0x5000, inside + 0x7000], err)
    expect("is relocatable: where its .text" in err and "has no section .nosuch" in err, err)


def cases():
    for harts in (1, 4):
        yield f"traces-{harts}", lambda harts=harts: traces(harts)
        yield f"breakpoints-{harts}", lambda harts=harts: breakpoints(harts)
    yield "traces-cva6", lambda: traces(2, "--cpu", "cva6")
    yield "traces-without-vmids", lambda: traces(2, "--set", "vmid.bits=0")
    yield "more-guests", more_guests
    yield "asks", asks
    yield "flat-image", flat_image
    yield "placed-files", placed_files
