"""The self-checking bare-metal programs of tests/isa and tests/hyp: on the simulator, in its plain-loop build, and on
QEMU as a second opinion. tests/isa/programs.tsv says how each is run, tests/isa/differ.tsv which rules fail where and
why: those, and no others. Cases named kept_* ask for a TLB that really keeps what it may: nobody else needs to have
one. What each program proved is left in build/results for `make rules`."""
import os
import re
import shlex
import qemu_machine
from suites.tools import PLAIN, QEMU, RVSIM, expect, expect_equal, run

RESULTS = "build/results/isa"
LIMIT = ["--max-insns", "2000000000"]


def table(path):
    with open(path) as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return rows


def programs():
    """(program, variant, rvsim options, QEMU options or None); without a row: one run on both, without options."""
    rows = [(row[0], row[1], shlex.split(row[2]), None if row[3] == "none" else shlex.split(row[3]))
            for row in table("tests/isa/programs.tsv")]
    named = {row[0] for row in rows if row[1] == "default"}
    sources = sorted(f"{folder}/{name[:-2]}" for folder in ("hyp", "isa") for name in os.listdir(f"tests/{folder}")
                     if name.endswith(".c"))
    for program in {row[0] for row in rows}:
        expect(program in sources, f"tests/isa/programs.tsv names {program}, which is no program")
    return [(program, "default", [], []) for program in sources if program not in named] + rows


def differences(where, program):
    return {row[2] for row in table("tests/isa/differ.tsv") if row[0] == where and row[1] == program}


def verdicts(text):
    """{rule: passed} from a program's output; the closing line must agree."""
    text = text.replace("\r", "")
    good = set(re.findall(r"^ok (\S+) \d+$", text, re.M))
    bad = set(re.findall(r"^FAIL (\S+)", text, re.M))
    closing = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.M)
    expect(closing, f"the program did not reach its end:\n{text[-2000:]}")
    expect_equal((len(good), len(bad)), tuple(map(int, closing[-1])), "lines and closing line")
    return {rule: rule in good for rule in good | bad}


def judge(command, where, program, record=None):
    status, out, err = (qemu_machine.run if where == "qemu" else run)(command, 120)
    found = verdicts(out)
    if where == "qemu":
        found = {rule: passed for rule, passed in found.items() if not rule.startswith("kept_")}
        status &= any(not passed for passed in found.values())
    failed = {rule for rule, passed in found.items() if not passed}
    wanted = differences(where, program)
    details = "\n".join(line for line in out.splitlines() if line.startswith("FAIL"))
    expect(failed <= wanted, f"{program} ({where}): exit {status} {err[-300:]}\n{details}")
    expect(wanted <= failed, f"{program} ({where}): in differ.tsv but passes: {', '.join(sorted(wanted - failed))}")
    expect_equal(status, 1 if failed else 0, "exit status")
    if record:
        os.makedirs(RESULTS, exist_ok=True)
        with open(f"{RESULTS}/{record}.txt", "w") as file:
            file.writelines(f"{'ok' if passed else 'FAIL'} {rule}\n" for rule, passed in sorted(found.items()))


def ours(program, variant, options):
    elf = f"build/{program}.elf"
    record = program.replace("/", "-") + ("" if variant == "default" else f"-{variant}")
    if os.path.exists(f"{RESULTS}/{record}.txt"):
        os.remove(f"{RESULTS}/{record}.txt")
    judge([PLAIN, *LIMIT, *options, elf], variant, program)
    judge([RVSIM, *LIMIT, *options, elf], variant, program, record)


def theirs(program, options):
    # one thread would give each hart a tenth of a second at a time, and the others would never be seen
    threads = [] if "-smp" in options else qemu_machine.ONE_THREAD
    judge(QEMU + threads + options + ["-bios", f"build/{program}.elf"], "qemu", program)


def reasons():
    """Each difference is explained: by a rule, or by why there is none; ids are rows of tests/diff/known.md."""
    with open("tests/diff/known.md") as file:
        known = set(re.findall(r"^\| (\w+) \|", file.read(), re.M))
    for row in table("tests/isa/differ.tsv"):
        name = " ".join(row[:3])
        expect(len(row) == 4, f"differ.tsv: {name}: not where, program, rule, why")
        expect(re.search(r"norm:\w+|none: \w+|^the choice of ", row[3]), f"differ.tsv: {name} names no rule")
        unknown = set(re.findall(r"\bqemu_\w+|\btinst_zero\b", row[3])) - known
        expect(not unknown, f"differ.tsv: {name}: {unknown} not in known.md")


def cases():
    yield "reasons", reasons
    for program, variant, options, qemu in programs():
        name = program if variant == "default" else f"{program}-{variant}"
        yield name, lambda program=program, variant=variant, options=options: ours(program, variant, options)
        if qemu is not None:
            yield f"{name}-qemu", lambda program=program, qemu=qemu: theirs(program, qemu)
