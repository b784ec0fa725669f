"""rvtrace diff between runs of one program that differ where this suite says: blocks of traps put in, taken out, moved and changed, on one
hart and on four. What it finds is what was done, to the event."""
import os
import random
import re
import tempfile
from suites.tools import RVSIM, RVTRACE, expect, expect_equal, run

# Each hart goes through its list of words: 4 functions of 3 traps each; the handler goes on behind the instruction.
PROGRAM = """.globl _start
_start:	la	t0, handler
	csrw	mtvec, t0
	csrr	s0, mhartid
	la	t0, lists
	slli	t1, s0, 3
	add	t0, t0, t1
	ld	s1, 0(t0)
next:	lw	t0, 0(s1)
	bltz	t0, done
	addi	s1, s1, 4
	andi	t1, t0, 3
	srli	t0, t0, 2
	la	t2, functions
	slli	t0, t0, 3
	add	t2, t2, t0
	ld	t2, 0(t2)
	slli	t1, t1, 3
	add	t2, t2, t1
	jalr	t2
	j	next
done:	la	t0, left
	li	t1, -1
	amoadd.w t1, t1, (t0)
	addi	t1, t1, -1
	bnez	t1, .
	li	t0, 0x100000
	li	t1, 0x5555
	sw	t1, 0(t0)
	j	.
	.balign	4
handler: csrr	t3, mepc
	addi	t3, t3, 4
	csrw	mepc, t3
	mret
	.option	norvc
	.macro	traps name
	.type	\\name, @function
\\name:	ecall
	ret
	ebreak
	ret
	.word	0xffffffff
	ret
	.size	\\name, . - \\name
	.endm
	traps	f0
	traps	f1
	traps	f2
	traps	f3
	.balign	8
functions: .dword f0, f1, f2, f3
"""
CAUSES = {"ecall from M-mode": 0, "breakpoint": 1, "illegal instruction": 2}
FULL = ["--ignore", "cycle,retired,addresses"]


def word(chooser):
    return chooser.randrange(4) * 4 + chooser.randrange(3)


def words(seed, count=1500):
    chooser = random.Random(seed)
    return [word(chooser) for _ in range(count)]


def traced(folder, name, lists):
    """The trace of a program whose harts go through these lists."""
    source, elf, trace = (os.path.join(folder, name + suffix) for suffix in (".S", ".elf", ".trace"))
    text = PROGRAM.replace("\\\\", "\\") + "lists:\t.dword " + ", ".join(f"list{hart}" for hart in range(len(lists))) + f"\nleft:\t.word {len(lists)}\n"
    for hart, numbers in enumerate(lists):
        text += f"list{hart}:\t" + "\n\t".join(f".word {number}" for number in [*numbers, -1]) + "\n"
    with open(source, "w") as file:
        file.write(text)
    status, _, err = run(["riscv64-unknown-elf-gcc", "-march=rv64ima_zicsr", "-mabi=lp64", "-nostdlib", "-static", "-Wl,-Ttext=0x80000000,--no-warn-rwx-segments", source, "-o", elf])
    expect_equal(status, 0, err)
    status, _, err = run([RVSIM, "-smp", str(len(lists)), "--trace", f"{trace},events=trap", elf])
    expect_equal(status, 0, err)
    return trace


def only(a, b):
    """Status, events that only the one has, and the other, text."""
    status, out, err = run([RVTRACE, "diff", *FULL, a, b])
    expect(status in (0, 1), err)
    found = re.search(r"^in all: (\d+) events only in the first, (\d+) only in the second$", out, re.M)
    return status, *(map(int, found.groups()) if found else (0, 0)), out


def changed(numbers, seed, what, count):
    """(the list with that done in its middle, events that the first alone has, and the second)."""
    chooser, at = random.Random(f"{seed} {what} {count}"), len(numbers) // 3
    if what == "inserted":
        return numbers[:at] + [word(chooser) for _ in range(count)] + numbers[at:], 0, count
    if what == "removed":
        return numbers[:at] + numbers[at + count:], count, 0
    if what == "moved":
        return numbers[:at] + numbers[at + count:at + 600] + numbers[at:at + count] + numbers[at + 600:], count, count
    return numbers[:at] + [(number + 4) % 16 for number in numbers[at:at + count]] + numbers[at + count:], count, count


def one_hart():
    """Where `longest` is True, all counts are exactly what was done; a moved or changed block may have more in common than was meant."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = words(1)
        before = traced(folder, "before", [numbers])
        expect_equal(only(before, before)[:3], (0, 0, 0), "a trace and itself")
        for what, counts, exact in (("inserted", (1, 2, 7, 40, 200, 201, 350, 500), True), ("removed", (1, 3, 50, 199, 333, 500), True), ("moved", (1, 10, 60), False), ("changed", (1, 2, 30, 300), False)):
            for count in counts:
                after, first, second = changed(numbers, 1, what, count)
                status, gone, come, out = only(before, traced(folder, "after", [after]))
                expect(status == 1 and come - gone == len(after) - len(numbers), f"{count} {what}: -{gone} +{come}")
                expect((gone, come) == (first, second) if exact else 0 < gone <= first, f"{count} {what}: -{gone} +{come}\n{out[-1500:]}")
                if count == 1 and what == "changed":
                    expect(re.search(r"difference on hart 0\n(  .*\n){5}- .*\n\+ .*\ndiffers in: pc\n", out), out)


def four_harts():
    """Each hart has another change; each is found on its own hart."""
    with tempfile.TemporaryDirectory() as folder:
        lists = [words(seed) for seed in range(4)]
        done = [changed(lists[0], 0, "inserted", 500), changed(lists[1], 1, "removed", 123), (lists[2], 0, 0), changed(lists[3], 3, "inserted", 1)]
        status, gone, come, out = only(traced(folder, "before", lists), traced(folder, "after", [entry[0] for entry in done]))
        expect_equal((status, gone, come), (1, 123, 501), out[-1500:])
        places = re.findall(r"^(?:first )?difference (?:\d+, )?on hart (\d)\n((?:[-+ ] .*\n|[-+] \(.*\n)*)", out, re.M)
        expect_equal({hart for hart, _ in places}, {"0", "1", "3"}, out[-1500:])
        expect(all(set(re.findall(r"^([-+])", text, re.M)) <= {"0": {"+"}, "1": {"-"}, "3": {"+"}}[hart] for hart, text in places), out[-1500:])


def nothing_in_common():
    """It ends soon, with all events counted; replaced blocks longer than what is looked at together end where they end."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = words(1, 6000)
        strange = [number % 3 for number in words(2, 6000)]
        a, b = traced(folder, "a", [[4 + number % 12 // 4 * 4 + number % 3 for number in numbers]]), traced(folder, "b", [strange])
        expect_equal(only(a, b)[:3], (1, 6000, 6000), "no function in common")
        common, other = [4 + number % 3 for number in numbers], [8 + number % 3 for number in numbers]
        status, gone, come, _ = only(traced(folder, "c", [common[:1000] + other[:3000] + common[1000:]]), traced(folder, "d", [common[:1000] + strange[:2500] + common[1000:]]))
        expect_equal((status, gone, come), (1, 3000, 2500), "2500 events where 3000 stood")


def cases():
    yield "one-hart", one_hart
    yield "four-harts", four_harts
    yield "nothing-in-common", nothing_in_common
