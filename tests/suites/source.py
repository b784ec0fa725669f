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


def cases():
    for name in PROGRAMS:
        yield f"breakpoints-{name}", lambda name=name: breakpoints(name)
        yield f"lines-{name}", lambda name=name: lines(name)
        yield f"stepping-{name}", lambda name=name: stepping(name)
    yield "commands-of-lines", commands_of_lines
