"""The debugger's view of source: what it says of programs of each compiler, compared with gdb, which reads the same files."""
import re
from suites.tools import RVSIM, expect, expect_equal, run

PROGRAMS = ["gcc4", "gcc5", "gcc5_0", "clang4", "clang4_2"]
SOURCE = "tests/source/program.c"


def elf(name):
    return f"build/source/{name}.elf"


def gdb(name, *commands):
    """What gdb says on stdout."""
    words = [word for command in commands for word in ("-ex", command)]
    return run(["gdb-multiarch", "-batch", "-nx", "-iex", "set width 0", *words, elf(name)])[1]


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


def cases():
    for name in PROGRAMS:
        yield f"breakpoints-{name}", lambda name=name: breakpoints(name)
        yield f"lines-{name}", lambda name=name: lines(name)
        yield f"stepping-{name}", lambda name=name: stepping(name)
        yield f"values-{name}", lambda name=name: values(name)
        yield f"formats-{name}", lambda name=name: formats(name)
        yield f"types-{name}", lambda name=name: types(name)
    yield "commands-of-lines", commands_of_lines
