"""Regressions: --golden and rvtrace diff find what changed, say it in words, and stay silent where nothing did."""
import json
import os
import re
import shutil
import subprocess
import tempfile
from suites.tools import FIRMWARE, RVSIM, RVTRACE, expect, expect_equal, guest, run

RUN = ["--cpu", "cva6", FIRMWARE, guest("hello")]
SMP = ["-smp", "4", "--cpu", "cva6", FIRMWARE, guest("smp") + ",name=one", guest("paging") + ",name=two"]


def golden(path, program, *options, status=0):
    got, out, err = run([RVSIM, "--golden", path, *options, *program], 120)
    expect_equal(got, status, f"{options}: {err[-2000:]}")
    return err


def in_folder(function):
    def case():
        with tempfile.TemporaryDirectory() as folder:
            function(folder)
    return case


@in_folder
def the_same_run(folder):
    """What is written is found again: on one hart and on four, whatever the cycles where they are not asked for."""
    for name, program in (("one", RUN), ("four", SMP)):
        path = os.path.join(folder, name)
        golden(path, program, "--update", "--cycles", "exact")
        with open(path) as file:
            text = file.read()
        expect(not re.search(r"0x[0-9a-f]{5}", text), "an address in a golden file")
        expect("[console]\n" in text and "[end]\npassed\n" in text and ("[hart 3]\n" in text) == (name == "four"), text[-300:])
        for options in ([], ["--cycles", "exact"], ["--cycles", "5%"]):
            expect_equal(golden(path, program, *options), "", "what a run has to say that is the same")
    golden(os.path.join(folder, "one"), ["--set", "dram.latency=80", *RUN], "--cycles", "1000%")


@in_folder
def another_run(folder):
    """Another guest, other cycles, another end: status 7, and the place with what stands around it."""
    path = os.path.join(folder, "golden")
    golden(path, RUN, "--update", "--cycles", "exact")
    err = golden(path, [*RUN[:-1], guest("timer")], status=7)
    expect(re.search(r"^rvsim: --golden \S+: \[hart 0\] line \d+: `HS -> VS, zone timer', and not `HS -> VS, zone hello'$", err, re.M), err)
    expect("\n+ HS -> VS, zone timer\n- HS -> VS, zone hello\n" in err and "[hart 0]\n  " in err, err)
    err = golden(path, ["--set", "dram.latency=40", *RUN], "--cycles", "5%", status=7)
    expect(re.search(r"`HS -> VS, zone hello \(\d+ cycles\)', and not `HS -> VS, zone hello \(\d+ cycles\)'", err), err)
    with open(path) as file:
        text = file.read()
    for old, new, said in (("hello: pass\n", "hello: fail\n", "[console] line"), ("[end]\npassed", "[end]\nfailed with 1", "[end] line 1: `passed', and not `failed with 1'"),
                           ("[end]\n", "VS -> HS\n[end]\n", "`the run's end: passed', and not `VS -> HS'")):
        with open(path, "w") as file:
            file.write(text.replace(old, new))
        expect(said in golden(path, RUN, status=7), said)
    with open(path, "w") as file:
        file.write(text)
    word = "hello: pass (12 cycles)\n"
    with open(path, "w") as file:
        file.write(text.replace("hello: pass\n", word))
    err = golden(path, RUN, status=7)
    expect("not `hello: pass (12 cycles)'" in err, f"what a guest prints is no cost of a switch: {err}")
    with open(path, "w") as file:
        file.write(text)
    err = golden(path, ["--max-insns", "19250000", *RUN], status=7)
    expect("[console] line" in err or "`the run's end: a limit was reached', and not" in err, err)


@in_folder
def snapshot_of_it(folder):
    """--save-unfinished keeps where a run differs: what goes on from there is the run that nobody compared; of an end there is none."""
    for name, program, old, new in (("one", RUN, "hello: pass\n", "hello: fail\n"), ("four", SMP, "HS -> VS, zone two\nVS traps", "HS -> VS, zone two\nVU traps")):
        path, state, stats = (os.path.join(folder, name + suffix) for suffix in ("", ".state", ".json"))
        golden(path, program, "--update", "--stats", stats)
        wanted = trace_hash(stats)
        with open(path) as file:
            text = file.read()
        expect(old in text, f"{name}: no {old!r}")
        with open(path, "w") as file:
            file.write(text.replace(old, new, 1))
        golden(path, program, "--save-unfinished", state, status=7)
        got, _, err = run([RVSIM, "--load", state, "--stats", stats, *program], 120)
        expect_equal((got, trace_hash(stats)), (0, wanted), f"{name}, gone on with: {err}")
        os.remove(state)
        with open(path, "w") as file:
            file.write(text.replace("[end]\npassed", "[end]\nfailed with 1"))
        golden(path, program, "--save-unfinished", state, status=7)
        expect(not os.path.exists(state), "a snapshot of an end")


def trace_hash(stats):
    with open(stats) as file:
        return json.load(file)["trace_hash"]


@in_folder
def bad_files(folder):
    """What is no golden file, or is not there, is unusable input; --update never takes a program for one."""
    path = os.path.join(folder, "golden")
    err = golden(path, RUN, status=2)
    expect("No such file or directory (--update writes it)" in err and err.count("\n") == 1, err)
    for text, said in (("", "is empty"), ("hello\n", "is no golden file"), ("# rvsim golden 1\nHS -> VS\n", "in no section"), ("# rvsim golden 1\n[hart 7]\n", "more harts")):
        with open(path, "w") as file:
            file.write(text)
        err = golden(path, RUN, status=2)
        expect(said in err and err.count("\n") == 1, err)
    for options, said in ((["--update"], "--update and --cycles say how"), (["--golden", path, "--cycles", "fast"], "must be exact, or N%"), (["--golden", path, "--debug"], "not with a debugger"),
                          (["--golden", FIRMWARE, "--update"], "firmware.elf")):
        got, _, err = run([RVSIM, *options, *RUN], 60)
        expect(got == 2 and said in err and err.count("\n") == 1, f"{options}: {err}")
    golden(path, RUN, "--update")
    err = golden(path, RUN, "--cycles", "1000%", status=7)
    expect(re.search(r"`HS -> VS, zone hello \(\d+ cycles\)', and not `HS -> VS, zone hello'", err), f"cycles asked of a file that has none: {err}")
    os.remove(path)
    os.mkdir(path)
    err = golden(path, RUN, status=2)
    expect("Is a directory" in err and err.count("\n") == 1, err)


def traced(folder, name, *options, firmware=FIRMWARE, program="hello"):
    path = os.path.join(folder, name)
    got, _, err = run([RVSIM, "--cpu", "cva6", *options, "--quiet", "--trace", path, firmware, guest(program)], 120)
    expect_equal(got, 0, err)
    return path


def diff(*words):
    got, out, err = run([RVTRACE, "diff", *words], 120)
    expect(got in (0, 1), err)
    return got, out


@in_folder
def what_is_ignored(folder):
    """Runs that differ in cycles alone are the same without them, and the numbers are told; others go on together behind what differs."""
    one, slow = traced(folder, "one"), traced(folder, "slow", "--set", "dram.latency=80")
    expect_equal(diff(one, slow)[0], 1, "with cycles")
    got, out = diff("--ignore", "cycle,retired,addresses,interrupts", one, slow)
    expect(got == 0 and re.search(r"^ecall from VS-mode: \d+ -> \d+ cycles \(\+\d+: .*I-cache \+\d+", out, re.M), out)
    change = re.search(r"ecall from VS-mode: (\d+) -> (\d+) cycles \(([+-]\d+): (.*)\)", out)
    expect_equal(int(change[2]) - int(change[1]), sum(int(part) for part in re.findall(r"[+-]\d+", change[4])), "the parts of a change")
    expect_equal(diff("--ignore", "cycle,retired", one, one), (0, ""), "the same file")
    other = traced(folder, "other", program="timer")
    got, out = diff("--ignore", "cycle,retired,addresses", one, other)
    expect(got == 1 and out.startswith("--- ") and "difference 2, on hart 0" in out and "\nrun: " in out, out[:2000])


def slower_firmware(folder):
    """Built in that folder: 40 instructions more in each exit."""
    for name in ("Makefile", "firmware"):
        (shutil.copytree if os.path.isdir(name) else shutil.copy)(name, os.path.join(folder, name))
    path = os.path.join(folder, "firmware/trap.S")
    with open(path) as file:
        text = file.read()
    entry = re.search(r"^_guest_exit:.*\n", text, re.M)
    expect(entry, "no _guest_exit in trap.S")
    with open(path, "w") as file:
        file.write(text[:entry.end()] + "\t.rept 40\n\taddi\tzero, zero, 1\n\t.endr\n" + text[entry.end():])
    built = subprocess.run(["make", "-s", "-C", folder, "build/firmware.elf"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    expect(built.returncode == 0, built.stdout.decode()[-2000:])
    return os.path.join(folder, "build/firmware.elf")


@in_folder
def planted_regression(folder):
    """Forty cycles more in the world switch are found, and named."""
    slower = slower_firmware(folder)
    before, after = traced(folder, "before"), traced(folder, "after", firmware=slower)
    got, out = diff("--ignore", "cycle,retired,addresses", before, after)
    change = re.search(r"^ecall from VS-mode: \d+ -> \d+ cycles \(\+(\d+): (.*)\)", out, re.M)
    expect(got == 0 and change and 38 <= int(re.search(r"switch \+(\d+)", change[2])[1]) <= 44, out)
    file = os.path.join(folder, "golden")
    golden(file, RUN, "--update", "--cycles", "exact")
    changed = ["--cpu", "cva6", slower, guest("hello")]
    golden(file, changed)
    golden(file, changed, "--cycles", "30%")
    expect("cycles)', and not" in golden(file, changed, "--cycles", "1%", status=7), "not found")


def cases():
    for case, name in ((the_same_run, "golden"), (another_run, "golden-differs"), (snapshot_of_it, "golden-snapshot"), (bad_files, "golden-refuses"), (what_is_ignored, "diff-ignores"), (planted_regression, "planted")):
        yield name, case
