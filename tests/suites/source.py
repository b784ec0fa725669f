"""The debugger's view of source: what it says of programs of each compiler, compared with gdb, which reads the same files."""
import re
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run

PROGRAMS = ["gcc4", "gcc5", "gcc5_0", "clang4", "clang4_2"]
SOURCE = "tests/source/program.c"


def elf(name):
    return f"build/source/{name}.elf"


def gdb(name, *commands):
    """What gdb says on stdout."""
    words = [word for command in commands for word in ("-ex", command)]
    return run(["gdb-multiarch", "-batch", "-nx", "-iex", "set width 0", *words, elf(name)], 60)[1]


def repl(name, *commands):
    """What the debugger says."""
    return run([RVSIM, "--debug", elf(name)], 120, "\n".join((*commands, "quit", "")).encode())[2]


def line_of(mark):
    """The line that ends with a mark."""
    lines = open(SOURCE).read().splitlines()
    return next(i + 1 for i, line in enumerate(lines) if line.endswith(f"/* {mark} */"))


def breakpoints(name):
    """Where `break FILE:LINE` breaks, for every line of the program."""
    lines = range(1, len(open(SOURCE).read().splitlines()) + 1)
    theirs, number_of = {}, {}
    text = gdb(name, *(word for line in lines for word in (f"echo \\nL{line} ", f"break program.c:{line}")), "info breakpoints")
    for line, number, address in re.findall(r"L(\d+) ?Breakpoint (\d+) at (0x[0-9a-f]+)", text):
        theirs[int(line)], number_of[number] = {int(address, 16)}, int(line)
    for number, address in re.findall(r"^(\d+)\.\d+ +y +(0x[0-9a-f]+)", text, re.M):
        theirs[number_of[number]].add(int(address, 16))
    ours = {}
    text = repl(name, *(word for line in lines for word in (f"echo L{line}", f"break program.c:{line}")))
    for line, addresses in re.findall(r"L(\d+)\nbreakpoint \d+ at ([^:]*)", text):
        ours[int(line)] = {int(address, 16) for address in addresses.split(", ")}
    expect(len(theirs) > 100, "gdb set no breakpoints")
    different = [(line, theirs.get(line), ours.get(line)) for line in lines if theirs.get(line) != ours.get(line)]
    expect_equal(different, [], f"{name}: lines where gdb and the debugger break elsewhere")


def lines(name):
    """Which line each instruction is of."""
    text = run(["riscv64-unknown-elf-objdump", "-d", elf(name)])[1]
    addresses = re.findall(r"^ +(8[0-9a-f]+):", text, re.M)
    asked = gdb(name, *(f"info line *0x{address}" for address in addresses)).splitlines()
    theirs = [match and (match[2], int(match[1])) for match in (re.match(r'Line (\d+) of "([^"]*)"', line) for line in asked)]
    asked = repl(name, *(f"info line *0x{address}" for address in addresses)).splitlines()
    ours = [match and (match[2], int(match[1])) for match in (re.match(r"line (\d+) of ([^:]*):", line) for line in asked)]
    expect_equal(len(ours), len(theirs), f"{name}: answers")
    different = [(address, a, b) for address, a, b in zip(addresses, theirs, ours) if a != b]
    expect(len(theirs) > 100 and not different, f"{name}: address, gdb's line, ours: {different[:10]}")


def says(name, commands, *texts):
    said = repl(name, *commands)
    at = 0
    for text in texts:
        found = said.find(text, at)
        expect(found >= 0, f"{name}: no {text!r} in\n{said[-3000:]}")
        at = found + len(text)
    return said


def stepping(name):
    """Line by line: into a function, over it, out of it."""
    here = [f"program.c:{line_of(mark)}" for mark in ("calls add_up", "calls doubled", "inside add_up", "touched")]
    said = says(name, [f"break {here[0]}", "continue", *["next line"] * 4], "breakpoint 1: ", f"tests/source/{here[0]}  int total")
    expect(all("<main" in line for line in said.splitlines()[2:]) and "doubled */" not in said.replace("calls doubled", ""),
           f"{name}: not over the calls:\n{said}")
    expect("calls recurse" in said, f"{name}: not on:\n{said}")
    said = says(name, [f"tbreak {here[2]}", "continue", "next line"], f"tests/source/{here[2]}  touch()")
    expect("<add_up" in said.splitlines()[-1], f"{name}: not in add_up:\n{said}")
    said = says(name, [f"tbreak {here[2]}", "continue", "step line", "step line"], f"tests/source/{here[2]}  touch()", "<touch")


def commands_of_lines():
    mark = line_of("touched")
    says("gcc4", ["list touch"], f"{mark - 1}\t{{", f"{mark}\t\tcounter++; /* touched */")
    says("gcc4", ["list program.c:3", "list", "list 20,21"], "1\t/* What", "\n11\n", "\n20\t", "\n21\t")
    says("gcc4", ["break touch", "continue", "list", "info source"], f"{mark}\t\tcounter++", "language C, DWARF 4", "compiler GNU C17")
    says("gcc4", ["list nosuch.c:3", "list program.c:9999", "break nosuch.c:1", "break program.c:9999", "list 0"], "no source file `nosuch.c'",
         "has no line", "no source file `nosuch.c'", "no code at line 9999", "lines begin at 1")
    says("gcc4", ["info symbol touch", "info symbol touch + 2", "info symbol 3"], "touch + 0", "touch + 2", "no symbol holds 0x3")
    says("bare", ["break touch", "continue", "list", "step line"], "breakpoint 1: touch", "nobody knows what line")


EXPRESSIONS = """first; second; first.at; &first.at; *first.next; first.next->at.y; first.both.parts[2]; first.high + 1; first.low; first.middle;
first.letter; second.call; first.next; matrix; matrix[1]; matrix[1][2]; &matrix[1]; *&matrix[1]; text; full; words; words[1]; words[1][0]; half;
third; half * 2; zeros; rights; odd_rights; colours; colours[1]; wide; anything; small; byte; truth; nowhere; add_up; &add_up; touch;
sizeof(struct node); sizeof first; (struct point *)0x80000000; counter == 0; first.name; *first.name; (enum flags)3; (char)65; (unsigned char)300;
(short)0x18000; small * 2; byte + 1; -small; ~byte; !truth; small < byte; limit - 1; 'a'; 1.5 * 2; half > 0.25; &second - &first; (int)half;
byte / 7; small % 2; byte << 4; (long)small >> 1; first.colour; second.colour == GREEN; tail.length; &tail.values; zeros[299]; &zeros[3];
*words@2; matrix[0][0]@3; (long)first.next & 0xff; sizeof(int) * 2; first.at.x == -1; first.next->name; (word_t)-1""".replace("\n", " ").split("; ")
TYPES = """first; first.call; first.next; words; word_t; struct point; enum colour; enum flags; matrix; &matrix; add_up; &add_up; second.name; colours; tail.values;
anything; first.both; half; counter; trapped_at; &first.at; *first.next; &words; unsigned char; struct node *""".replace("\n", " ").split("; ")
FORMATS = "xdutcaz"


def plain(text):
    """Values of no type are 64 bits here; gdb's names of C's own types are the compiler's."""
    return re.sub(r"<(\w+)\+(\d+)>", lambda match: f"<{match[1]}+{int(match[2]):#x}>", text)


def answers(text):
    """{mark: what was said behind it}"""
    return dict(re.findall(r"^MARK (.*)\n((?:(?!MARK).*\n)*)", text, re.M))


def compare(name, commands, known=()):
    theirs = answers(gdb(name, "set language c", *(word for command in commands for word in (f"echo \\nMARK {command}\\n", command)), "echo \\nMARK end\\n"))
    ours = answers(repl(name, *(word for command in commands for word in ("echo", f"echo MARK {command}", command)), "echo", "echo MARK end"))
    strip = lambda text: plain(re.sub(r"^\$\d+ = ", "", text or "")).strip()
    different = [(command, strip(theirs.get(command)), strip(ours.get(command))) for command in commands
                 if command not in known and strip(theirs.get(command)) != strip(ours.get(command))]
    expect(not different, f"{name}: {len(different)} of {len(commands)} differ: command, gdb's answer, ours:\n"
           + "\n".join(map(str, different)))


def values(name):
    compare(name, [f"output {expression}" for expression in EXPRESSIONS])


def formats(name):
    compare(name, [f"output/{letter} {expression}" for letter in FORMATS for expression in ("first", "small", "byte", "rights", "matrix", "words[0]", "first.high")])


def types(name):
    compare(name, [f"{command} {expression}" for command in ("whatis", "ptype") for expression in TYPES])


QEMU = "qemu-system-riscv64 -M virt -bios none -nographic -serial null -monitor none -S -gdb stdio -kernel"
# What each of the first 6 stops in touch() is asked; in the inlined function and where frames were optimized away, too.
QUESTIONS = ["bt", "frame 1", "info args", "info locals", "frame 2", "info args", "info locals", "bt full 2"]


def frames(name):
    """Frames, arguments and locals while the program runs: gdb on QEMU."""
    stops = [line for _ in range(6) for line in ("continue", "MARK", *QUESTIONS)]
    theirs = gdb(name, "set backtrace past-main off", f"target remote | exec {QEMU} {elf(name)}", "break *touch",
                 *("echo \\nMARK\\n" if line == "MARK" else line for line in stops), "echo \\nMARK\\n", "kill")
    ours = repl(name, "break *touch", *(word for line in stops for word in (("echo", "echo MARK") if line == "MARK" else (line,))), "echo MARK")

    def told(text):
        """The answers at each stop, up to main: what called it is no function of the program's."""
        parts = text.split("MARK\n")[1:-1]
        skipped = r"^(\(More stack.*|\(more frames.*|Breakpoint .*|breakpoint .*|Continuing.*|hart .*|.*_start \(\)|\d+\t.*|)$\n?"
        parts = [re.sub(r"\b(\w+)=\1@entry=", r"\1=", part) for part in parts]  # gdb tells twice what did not change
        return [re.sub(skipped, "", plain(part), flags=re.M).strip() for part in parts]

    expect_equal(len(told(ours)), 6, f"{name}: stops: {ours[-2000:]}")
    for number, (a, b) in enumerate(zip(told(theirs), told(ours))):
        if name == "clang4_2":  # gdb believes that a0 and a1, which any call may change, are what they were: here they are lost
            for lost in ("point", "node", "depth"):
                if f"{lost}=<optimized out>" in b:
                    a = re.sub(rf"\b{lost}( ?= ?)\w+(?: <\w+>)?", rf"{lost}\1<optimized out>", a)
        expect(a == b and "main" in a, f"{name}: stop {number}: gdb's\n{a}\nours\n{b}")


def in_guest(script, *texts):
    """What is said of our hypervisor and a guest of it, in order."""
    said = run([RVSIM, "--debug", FIRMWARE, guest("hello")], 120, (script + "quit\n").encode())[2]
    at = 0
    for text in texts:
        found = re.compile(text).search(said, at)
        expect(found, f"no {text!r} in\n{said[-4000:]}")
        at = found.end()


def through_the_hypervisor():
    """From the handler of an exit into the guest that made it; its variables, and the hypervisor's."""
    in_guest("catch trap 10\ncontinue\nbt\nframe 2\ninfo args\nstep 60\nbt\n",
             r"#0  _guest_exit \(\) at firmware/trap.S", r"-- ecall from VS-mode at cycle \d+: from VS, guest build/guests/hello.elf",
             r"#1  sbi_call \(args=\.\.\., function=3, extension=16\) at tests/guests/rt/sbi.c", r"in guest_main \(\) at tests/guests/hello.c",
             r"#2  sbi_has", r"extension = 1145193294", r"#0  0x\w+ in _guest_exit", r"#1  0x\w+ in vcpu_run \(vcpu=0x", r"in hypervisor_main",
             r"-- ecall from VS-mode", r"sbi_call \(args", r"in guest_main")
    # an ecall of HS-mode ends in machine mode, and the hypervisor's frames are behind it
    in_guest("catch trap 9\ncontinue\nbt\n", r"hart 0 M", r"#0 ", r"-- ecall from HS-mode at cycle \d+: from HS\n", r"in hypervisor_main \(")


def percpu():
    """The per-CPU structure by its debug information, and as words where there is none."""
    in_guest("catch world VS\ncontinue\ninfo percpu\n", r"hart 0  slot 0x\w+ tp\(HS\) 0x\w+\n  id = 0x0\n  cpu_on_entry = 0x80200000\n",
             r"\n  arch_cpu = \{fault = ", r"\n  zone = 0x\w+\n  ctrl_lock = \{next = \d+, serving = \d+\}\n  boot_cpu = true\n")
    said = run([RVSIM, "--debug", "--percpu", "base=0x80000000,size=64", elf("bare")], 60, b"info percpu\nquit\n")[2]
    expect(re.search(r"hart 0  slot 0x80000000 tp\(HS\) 0x0 \(never\)  \w{16} \w{16} \w{16} \w{16}\n", said), said)


def cases():
    for name in PROGRAMS:
        yield f"breakpoints-{name}", lambda name=name: breakpoints(name)
        yield f"lines-{name}", lambda name=name: lines(name)
        yield f"stepping-{name}", lambda name=name: stepping(name)
        yield f"frames-{name}", lambda name=name: frames(name)
        yield f"values-{name}", lambda name=name: values(name)
        yield f"formats-{name}", lambda name=name: formats(name)
        yield f"types-{name}", lambda name=name: types(name)
    yield "commands-of-lines", commands_of_lines
    yield "through-the-hypervisor", through_the_hypervisor
    yield "percpu", percpu
