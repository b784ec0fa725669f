"""What the debugger knows of hypervisors: world switches, zones, page tables, caches and TLBs."""
import os
import random
import re
import tempfile
from suites.checks import EVERYTHING, build_by_hand
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run, stats_of

ASSEMBLE = ["riscv64-unknown-elf-gcc", "-march=rv64i_zicsr", "-mabi=lp64", "-Wa,-march=rv64ih_zicsr_zifencei", "-nostdlib", "-static",
            "-Wl,-N,--build-id=none,--no-warn-rwx-segments,-Ttext=0x80000000"]


def repl(script, *arguments):
    status, out, err = run([RVSIM, "--debug", *arguments], 120, script.encode())
    return status, err


def in_order(text, *patterns):
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.M).search(text, at)
        expect(found, f"no {pattern!r} in\n{text[at:][:3000]}\nof\n{text[:3000]}")
        at = found.end()


# ---- world switches ----

def not_restored():
    """A hypervisor's author sees what its guest did not get back, as --check does, and no such thing of a right one."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = build_by_hand(folder, "CLOBBERS")
        _, err = repl("catch switch\n" + "continue\n" * 5 + "info switch\nquit\n", *EVERYTHING, wrong)
        report = r"VMID 1, vCPU 0x\w+\n  left hart 0 in VS at 0x\w+, cycle \d+: ecall from VS-mode\n" \
                 r"  back on hart 0 in VS at 0x\w+, cycle \d+, \d+ later\n" \
                 r"! s5 +0x0000000000000000 -> 0x0000000000000007  not as it was left\n" \
                 r"! fs1 +0x0000000000000000 -> 0x0000000000000007  not as it was left\n" \
                 r"! vsscratch +0x5ec2e75ec2e70f05 -> 0x0000000000000007  not as it was left\n"
        expect_equal(len(re.findall(report, err)), 2, f"reports, at the stop and by `info switch`, in\n{err}")
        said = run([RVSIM, *EVERYTHING, "--check", "worldswitch", wrong])[2]
        expect("s5 0x7, was 0x0 at the exit" in said, said)
        _, err = repl("catch switch\n" + "continue\n" * 9 + "quit\n", *EVERYTHING, build_by_hand(folder))
        expect(err.count("every register is as it was left") == 2 and "\n! " not in err, err)


def restored(name, harts):
    """Our firmware gives back what its guests left with, but for what the exits were about."""
    _, err = repl("catch switch\n" + "continue\n" * 200 + "quit\n", "-smp", str(harts), FIRMWARE, guest(name))
    expect(err.count("  back on hart") > 3, err[-2000:])
    expect("\n! " not in err, re.findall(r"(?:.*\n){8}! .*\n", err)[:1])


def same_run():
    """Looking changes nothing."""
    script = "catch switch\n" + "continue\n" * 20 + "info zones\ninfo vcpus\ninfo gstage\ninfo pt\ninfo tlb\ninfo cache\ndelete\ncontinue\ninfo stats\nquit\n"
    _, err = repl(script, "-smp", "2", "--cpu", "cva6", FIRMWARE, guest("paging"))
    wanted = stats_of([RVSIM, "-smp", "2", "--cpu", "cva6", FIRMWARE, guest("paging")])[2]["trace_hash"]
    expect_equal(re.search(r"trace hash (0x\w+)", err)[1], wanted, "trace hash")


def in_the_past():
    """Back at a switch, what is said of it is what was said then; and on the way again."""
    script = "catch switch\ncontinue 1\n" + "continue\n" * 6 + "info vcpus\nprint 0x5e9a\n" + "reverse-continue\n" * 4 + "print 0x5e9a\n" + "continue\n" * 4 + "info vcpus\nquit\n"
    with tempfile.TemporaryDirectory() as folder:
        _, err = repl(script, *EVERYTHING, build_by_hand(folder))
    forth, back, again = err.split("0x5e9a 24218\n")
    said = re.compile(r"^VMID \d, vCPU .*\n(?:  .*\n)+", re.M)
    vcpus = re.compile(r"^VMID \d vCPU 0x.*", re.M)
    expect_equal(len(said.findall(forth)), 6, forth)
    expect_equal(said.findall(back), said.findall(forth)[-2::-1][:4], "on the way back")
    expect_equal(said.findall(again), said.findall(forth)[-4:], "on the way again")
    expect_equal(vcpus.findall(again), vcpus.findall(forth), "vCPUs")


def catches():
    """Causes by name, and those that there are not."""
    script = """catch trap Load_Guest-page FAULT
catch exit load guest-page fault
catch trap i7
catch trap virtual supervisor timer interrupt
catch trap 99
catch exit 14
catch trap i99
catch trap nosuch
catch switch nosuch
catch exit
catch switch hello extra
delete 1
delete 3
delete 5
continue
delete
catch exit 10
continue
quit
"""
    status, err = repl(script, FIRMWARE, guest("mmio") + ",name=hello")
    in_order(err, "catchpoint 1: trap Load_Guest-page FAULT", "catchpoint 2: exit load", "catchpoint 3", "catchpoint 4", "no exception has the cause 99",
             "no exception has the cause 14", "no interrupt has the cause 99", "no cause `nosuch'", "no zone `nosuch'", "catchpoint 5: exit", "what is `extra'",
             r"VS -> HS, catchpoint 2: exit load guest-page fault\nzone hello \(VMID 1\), vCPU 0x\w+\n  left hart 0 in VS at .*: load guest-page fault",
             "catchpoint 6: exit 10", "VS -> HS, catchpoint 6", "left hart 0 in VS at .*: ecall from VS-mode")
    expect_equal(status, 6, "exit status")


def tp_of_whom():
    """Whose tp that is: in the hypervisor, in the guest."""
    _, err = repl("catch exit\ncontinue\ninfo tp\nuntil handle_exit\ninfo tp\nquit\n".replace("until handle_exit", "step 60"), "-smp", "2", FIRMWARE,
                  guest("tp") + ",name=one")
    in_order(err, r"M  wrote tp = .* the hypervisor's per-CPU slot \d, this hart's", r"tp is 0x\w+, the guest's, zone one",
             r"\* HS wrote tp = .*: the hypervisor's per-CPU slot \d, this hart's", r"tp is 0x\w+, the hypervisor's per-CPU slot \d, this hart's")


# ---- zones and vCPUs ----

def zones():
    """The numbers of --stats, and where each vCPU is."""
    script = "info zones\ninfo vcpus\ncatch exit 10\ncontinue\ndelete\ninfo vcpus\ncontinue\ninfo zones\ninfo zones x\nquit\n"
    arguments = ["-smp", "4", FIRMWARE, guest("smp") + ",cpus=0-1", guest("paging") + ",cpus=2-3,name=other"]
    _, err = repl(script, *arguments)
    stats = stats_of([RVSIM, *arguments])[2]
    in_order(err, "zone smp: has not been seen to run", "no guest has run yet", "no guest has run yet",
             r"VMID \d\) vCPU 0x\w+: left hart \d in VS at 0x\w+ <sbi_has\+0xe>, cycle \d+: ecall from VS-mode; 1 entries, 1 exits", "what is `x'")
    for zone, name in zip(stats["zones"], ("smp", "other")):
        text = re.search(rf"^zone {name} \(VMID {zone['vmid']}\): {zone['entries']} entries, {zone['exits']} exits, {zone['cycles']} cycles, "
                         rf"{zone['instructions']} instructions\n((?:  .*\n)+)", err, re.M)
        expect(text, f"{zone['vmid']}: not {zone['entries']}, {zone['exits']}, {zone['cycles']} in\n{err[-3000:]}")
        counts = {cause.strip(): int(count) for cause, count in re.findall(r"^  ([a-z].*?)  +(\d+)$", text[1], re.M)}
        expect_equal(counts, {row["cause"]: row["count"] for row in zone["causes"]}, "exits by cause")


# ---- page tables ----

RANGE = re.compile(r"^0x(\w+)\.\.0x(\w+) -> 0x(\w+) ([rwxugad-]{7})( nc| io|)  ", re.M)


def ranges(text):
    return [(int(start, 16), int(end, 16), int(pa, 16), rights) for start, end, pa, rights, _ in RANGE.findall(text)]


def against_walks(seed):
    """A thousand addresses, in ranges and beside them: what the ranges say is what a walk through both stages finds."""
    arguments = ["-smp", "2", FIRMWARE, guest("paging"), guest("smp")]
    place = f"break paging:try_access\ncontinue {19_400_000 + 10_000 * seed}\n" + "continue\n" * seed
    _, err = repl(place + "print 0x5e9a\ninfo pt vsatp\nprint 0x5e9a\ninfo gstage\nquit\n", *arguments)
    first, second = (ranges(part) for part in err.split("0x5e9a 24218")[1:])
    expect(first and second, err[-2000:])
    chance = random.Random(seed)
    addresses = []
    for start, end, _, _ in first:
        addresses += [start, end, (start - 1) & (1 << 64) - 1, (end + 1) & (1 << 64) - 1]
    while len(addresses) < 1000:
        start, end, _, _ = chance.choice(first)
        addresses.append((chance.randint(start, end) if chance.random() < 0.8 else chance.getrandbits(39)) & (1 << 64) - 1)
    kinds = [chance.choice("rwx") for _ in addresses]
    script = place + "".join(f"print 0x5e9a\ntranslate {address & ~1:#x} {kind} VS\n" for address, kind in zip(addresses, kinds))
    _, err = repl(script + "quit\n", *arguments)
    answers = err.split("0x5e9a 24218")[1:]
    expect_equal(len(answers), len(addresses), "answers")
    granted = 0
    for address, kind, answer in zip(addresses, kinds, answers):
        address &= ~1
        wanted = None
        for start, end, gpa, rights in first:
            if start <= address <= end and kind in rights and "u" not in rights and "a" in rights and (kind != "w" or "d" in rights):
                gpa += address - start
                wanted = next((pa + gpa - low for low, high, pa, _ in second if low <= gpa <= high), None)
        found = re.search(r"-> pa 0x(\w+), page", answer)
        if "A/D would be set" not in answer:
            expect_equal(found and int(found[1], 16), wanted, f"{address:#x} {kind}: {answer}")
            granted += wanted is not None
    expect(granted > 50, f"{granted} granted")


# M-mode alone: tables of all kinds for satp and hgatp, and mseccfg aside nothing else.
TABLES = """
	.option	norelax
	.globl	_start, root48, root57, second
_start:	li	t0, 1 << 62			# menvcfg.PBMTE
	csrs	0x30a, t0
	li	t0, -1
	csrw	pmpaddr0, t0
	li	t0, 0x1f
	csrw	pmpcfg0, t0
	la	t0, root48
	srli	t0, t0, 12
	li	t1, 9 << 60 | 7 << 44
	or	t0, t0, t1
	csrw	satp, t0
	la	t0, second
	srli	t0, t0, 12
	li	t1, 8 << 60 | 5 << 44
	or	t0, t0, t1
	csrw	0x680, t0
done:	j	done
	.macro	table at
	.dword	(\\at - _start + 0x80000000) / 4096 << 10 | 1
	.endm
	.balign	4096
root48:	table	next48
	.fill	510, 8, 0
	.dword	0x8000000 << 10 | 0xcf
	.balign	4096
next48:	table	last48
	.dword	1 << 61 | 0x40000 << 10 | 0xcf	# 1 GiB, NC
	.dword	2 << 61 | 0x80000 << 10 | 0xcf	# 1 GiB, IO
	.dword	0x80001 << 10 | 0xcf		# misaligned
	.fill	508, 8, 0
	.balign	4096
last48:	table	leaf48
	.dword	0x80200 << 10 | 0x4b		# 2 MiB
	.dword	0x80400 << 10 | 0x4b		# goes on
	.dword	0x80600 << 10 | 0x43		# other rights
	.fill	508, 8, 0
	.balign	4096
leaf48:	.rept	32
	.dword	1 << 63 | 0x80018 << 10 | 0xc7	# 64 KiB at 0x80010000; the second group is mapped to the same
	.endr
	.dword	0x90000 << 10 | 0x5f, 0x90001 << 10 | 0x5f, 0, 0x90003 << 10 | 0x5f, 0x90004 << 10 | 0x05	# W without R
	.fill	475, 8, 0
	.balign	16384
second:	.dword	0xdf				# 1 GiB
	.fill	2046, 8, 0
	.dword	0xc0000 << 10 | 0xdf		# the last one of 41 bits
	.balign	4096
root57:	.rept	512
	table	root57
	.endr
"""

WANTED48 = """0x0000000000000000..0x000000000000ffff -> 0x00000080010000 rw---ad  64 KiB, 1 x 64K
0x0000000000010000..0x000000000001ffff -> 0x00000080010000 rw---ad  64 KiB, 1 x 64K
0x0000000000020000..0x0000000000021fff -> 0x00000090000000 rwxu-a-  8 KiB, 2 x 4K
0x0000000000023000..0x0000000000023fff -> 0x00000090003000 rwxu-a-  4 KiB, 1 x 4K
0x0000000000200000..0x00000000005fffff -> 0x00000080200000 r-x--a-  4 MiB, 2 x 2M
0x0000000000600000..0x00000000007fffff -> 0x00000080600000 r----a-  2 MiB, 1 x 2M
0x0000000040000000..0x000000007fffffff -> 0x00000040000000 rwx--ad nc  1 GiB, 1 x 1G
0x0000000080000000..0x00000000bfffffff -> 0x00000080000000 rwx--ad io  1 GiB, 1 x 1G
0xffffff8000000000..0xffffffffffffffff -> 0x00008000000000 rwx--ad  512 GiB, 1 x 512G
""".splitlines()


def schemes():
    """Sv48 with NAPOT and memory types, Sv39x4 up to its last gigabyte, and tables without an end."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tables")
        with open(path + ".S", "w") as out:
            out.write(TABLES)
        status, _, said = run([*ASSEMBLE, path + ".S", "-o", path + ".elf"])
        expect_equal(status, 0, said)
        script = """until done
info pt satp
print 0x5e9a
info gstage
print 0x5e9a
info pt satp 10 << 60 | root57 >> 12
info pt satp 0
info pt satp 3 << 60
info gstage hart 1
info gstage 77
info gstage 0
info pt nosuch
translate 0x18123 r HS
translate 0x5ffffe x HS
translate 0x40000000 w HS
translate 0xc0000000 r HS
quit
"""
        _, err = repl(script, path + ".elf")
    first, second = err.split("0x5e9a 24218")[:2]
    found = [line for line in first.splitlines() if RANGE.match(line)]
    expect_equal(found, WANTED48, "ranges")
    in_order(first, r"satp 0x\w+: Sv48, ASID 7, root at pa 0x80001000", r"twice: 0x80010000\.\.0x8001ffff is at 0x80010000 and at 0x0\n", r"twice: 0x80010000\.\.0x8001ffff is at 0x80010000 and at 0x10000\n",
             r"twice: 0x80200000\.\.0x805fffff is at 0x80200000 and at 0x200000\n")
    in_order(second, r"VMID 5, hgatp 0x\w+: Sv39x4, root 0x\w+000", "0x0000000000000000..0x000000003fffffff -> 0x00000000000000 rwxu-ad  1 GiB",
             "0x000001ffc0000000..0x000001ffffffffff -> 0x000000c0000000 rwxu-ad  1 GiB")
    in_order(err, "Sv57, ASID 0", r"\(not all of the tables was read\)", "no page table, addresses are physical", "no page table", "no hart 1",
             "no hart has, or had, an hgatp of 77", "no hart has, or had, an hgatp of 0", "no symbol `nosuch'", "0x18123 -> pa 0x80018123",
             "-> pa 0x805ffffe", r"0x40000000 -> pa 0x40000000, page of 2\^30 bytes", "superpage is misaligned")


def shared_page():
    """Two zones on one page of the host's."""
    with tempfile.TemporaryDirectory() as folder:
        program = build_by_hand(folder, "SAME_MEMORY")
        _, err = repl("catch world VS\ncontinue\ncontinue\ninfo gstage 1\ninfo gstage 2\nquit\n", *EVERYTHING, program)
    expect(len(re.findall(r"^VMID \d, hgatp 0x\w+: Sv39x4", err, re.M)) == 2, err)
    with tempfile.TemporaryDirectory() as folder:
        program = build_by_hand(folder, "SHARED")
        _, err = repl("catch world VS\ncontinue\ncontinue\ninfo gstage 1\nquit\n", *EVERYTHING, program)
    in_order(err, r"twice: 0x80\w+\.\.0x80\w+ is at 0x80200000 of VMID 1 and at 0x80200000 of VMID 2")


# ---- caches and TLBs ----

def caches(cpu):
    """Lines stand in their sets, as many as are counted; entries have the ids of who ran."""
    script = "catch trap 13\n" + "continue\n" * 4 + "info cache\ninfo cache l1d\nprint 0x5e9a\ninfo tlb\nprint 0x5e9a\ninfo tlb engine\ninfo cache l9\ninfo tlb x\nquit\n"
    _, err = repl(script, "--cpu", cpu, FIRMWARE, guest("paging"))
    head = re.search(r"^l1d  \d+ KiB: (\d+) sets of (\d+) ways, lines of (\d+) bytes; (\d+) of (\d+) valid.*; (\d+) misses\n((?:set .*\n)+)", err, re.M)
    sets, ways, line, valid, lines, misses = map(int, head.groups()[:6])
    found = [(int(at), int(way), int(pa, 16)) for at, way, pa in re.findall(r"set (\d+) +way (\d+) +pa 0x(\w+)", head[7])]
    expect_equal((sets * ways, len(found), len(set(found))), (lines, valid, valid), "lines")
    expect(all(pa // line % sets == at and way < ways for at, way, pa in found) and valid <= misses, head[0])
    tlb = err.split("0x5e9a 24218")[1]
    for name in ("itlb", "dtlb"):
        part = re.search(rf"^{name}: (\d+) entries, fully associative; (\d+) valid, (\d+) of guests; \d+ misses\n((?:  .*\n)*)", tlb, re.M)
        rows = part[4].splitlines()
        expect_equal((len(rows), sum(" VS " in row and " vmid 1" in row for row in rows)), (int(part[2]), int(part[3])), part[0])
    expect(re.search(r" VS va 0x\w+ 2\^\d+ (bare|global|asid \d+) vmid 1", tlb), tlb)
    in_order(err.split("0x5e9a 24218")[2], r"hits \d+ misses \d+, PTE reads", "no cache `l9': l1i l1d", r"info tlb \[engine\]")


def no_caches():
    _, err = repl("info cache\ninfo tlb\nquit\n", FIRMWARE, guest("hello"))
    in_order(err, "hart 0 has no caches: --cpu cva6, rocket or u74 has", "hits 0 misses 0")


def cases():
    yield "not-restored", not_restored
    for name, harts in (("hello", 1), ("paging", 2), ("timer", 2), ("mmio", 1), ("tp", 2), ("faults", 1)):
        yield f"restored-{name}", lambda name=name, harts=harts: restored(name, harts)
    yield "same-run", same_run
    yield "in-the-past", in_the_past
    yield "catches", catches
    yield "tp-of-whom", tp_of_whom
    yield "zones", zones
    for seed in (1, 2):
        yield f"against-walks-{seed}", lambda seed=seed: against_walks(seed)
    yield "schemes", schemes
    yield "shared-page", shared_page
    for cpu in ("cva6", "rocket", "u74"):
        yield f"caches-{cpu}", lambda cpu=cpu: caches(cpu)
    yield "no-caches", no_caches
