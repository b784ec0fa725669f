"""rvsim-ci as others have it: README.md's line of CI in a project outside, green and red; a slower trap.S of our own firmware, named in the
summary; npm's JUnit readers; 1,000 runs that are killed again and again. `make ci-tools`."""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree as xml
from outside_project import make_project, read, slow_down
from suites.ci_tools import CI, FIRMWARE, ci, in_folder, manifest
from suites.regressions import slower_firmware
from suites.tools import RVSIM, expect, expect_equal, guest, run

HERE = os.getcwd()
NPM = os.path.abspath("build/npm")


@in_folder
def one_line(folder):
    """Of a clone of this repository's last commit."""
    line = re.search(r"^git clone -q URL rvsim && .*$", read(".", "README.md"), re.M)[0].replace("URL", HERE)
    project = make_project(folder)

    def go(command):
        result = subprocess.run(["sh", "-c", command], cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)
        return result.returncode, result.stdout
    got, text = go(line)  # where there is no baseline yet
    expect(got == 1 and "is not there (--update writes it)" in text and text.endswith("4 passed, 1 failed\n"), text[-1500:])
    again = line[line.index("rvsim/tools/"):]
    expect_equal([go(again + " --update")[0], go(again)[0]], [0, 0], "green")
    slow_down(project)
    got, text = go(again)
    expect(got == 1 and re.search(r"ecall from VS-mode: \d+ -> \d+ cycles \(\+(39|4\d): switch \+", text), text[-1500:])


@in_folder
def slower_trap(folder):
    """40 instructions in the exit path of a copy of our firmware: cycles, and whose they are, in the summary."""
    copy, summary = os.path.join(folder, "firmware.elf"), os.path.join(folder, "summary.md")
    shutil.copy(FIRMWARE, copy)
    path = manifest(folder, f'[[run]]\nname = "hello"\nargs = ["{copy}", "GUESTS/hello.elf"]\nmatrix = {{ "--cpu" = ["ideal", "cva6"] }}\nbaseline = "{folder}/{{--cpu}}.trace"\ntolerance = "1%"\n')
    expect_equal([ci(folder, path, "--update")[0], ci(folder, path)[0]], [0, 0], "as it was")
    shutil.copy(slower_firmware(folder), copy)
    got, _, err = ci(folder, path, "--markdown", summary)
    text = read(folder, "summary.md")
    found = re.findall(r"hello \[(\w+)\] \| \*\*failed\*\* .*ecall from VS-mode: \d+ -> \d+ cycles \(\+(\d+): [^)]*switch \+(\d+)", text)
    expect(got == 1 and [name for name, _, _ in found] == ["ideal", "cva6"], f"{err}\n{text}")
    expect(all(38 <= int(cycles) <= 44 for _, _, cycles in found) and found[0][1] == "40", text)


def npm_packages():
    os.makedirs(NPM, exist_ok=True)
    if not os.path.isdir(os.path.join(NPM, "node_modules/junit2json")):
        status, out, err = run(["npm", "install", "--prefix", NPM, "--no-audit", "--no-fund", "--silent", "junit2json@4.0.0", "test-results-parser@0.4.6"], 600)
        expect_equal(status, 0, out + err)


@in_folder
def npm_readers(folder):
    """Names that look like numbers, text that looks like XML: cases, failures, counts and seconds are what was written."""
    npm_packages()
    asked = (("0x80000000", ""), ("1e3", 'expect = ["nowhere <&]]>\\u0001"]\n'), ("Infinity", ""), ("true", "cycles = 1\n"), ("null", 'exits = { "ecall from VS-mode" = { count = 1 } }\n'), ("a < b & 'c' \\\"d\\\" \u4e16", ""))
    path, report = manifest(folder, "".join(f'[[run]]\nname = "{name}"\nargs = ["FIRMWARE", "GUESTS/hello.elf"]\n{more}' for name, more in asked), "1e9.toml"), os.path.join(folder, "j.xml")
    expect_equal(ci(folder, path, "--junit", report)[:2], (1, "3 passed, 3 failed\n"), "status")
    result = subprocess.run(["node", os.path.abspath("tests/outside/junit.mjs"), report], cwd=NPM, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True)
    found = json.loads(result.stdout)
    names = ["run 0x80000000", "run 1e3", "run Infinity", "run true", "run null", "run a < b & 'c' \"d\" \u4e16"]
    wanted = dict(zip(names, [True, False, True, False, False, True]))
    times = {case.get("name"): float(case.get("time")) for case in xml.parse(report).getroot().iter("testcase")}
    expect_equal(list(times), names, "Python's reader")
    for reader in ("junit2json", "test-results-parser"):
        expect_equal({name: case["passed"] for name, case in found[reader].items()}, wanted, f"{reader}: what passed")
        expect(all(abs(case["seconds"] - times[name]) < 0.0006 and case["seconds"] > 0 for name, case in found[reader].items()), f"{reader}: seconds {found[reader]} {times}")
        expect(all(("--expect 'nowhere <&]]>?' never matched" in case["failure"]) == (name == "run 1e3") for name, case in found[reader].items()), f"{reader}: {found[reader]}")
    expect_equal(found["counts"], [[6, 3], [6, 3]], "counts")


COUNTED = """#!/bin/sh
# rvsim, told of in a file: which run began.
while [ "$1" != --seed ]; do set -- "$@" "$1"; shift; done
echo "$2" >>"{log}"
exec {rvsim} "$@"
"""


def numbers_of(summary):
    """What a summary says of each run."""
    return {row[0]: row[1:] for row in re.findall(r"^\| (run \d+) \| (\S+) \| (\d*) \| (\d*) \|", summary, re.M)}


def started(log):
    if not os.path.exists(log):
        return []
    with open(log) as file:
        return [int(line) for line in file.read().split()]


@in_folder
def killed_1000(folder):
    """Killed with all it had started, at any time, ten times: what has ended never begins again, and in the end every run is there once, with
    the numbers of a start that nobody killed."""
    count, kills, log, counted = 1000, 10, os.path.join(folder, "log"), os.path.join(folder, "rvsim")
    elf, source = os.path.join(folder, "a.elf"), os.path.join(folder, "a.S")
    with open(source, "w") as file:
        file.write(".globl _start\n_start: li t0, 0x100000\n li t1, 0x5555\n li t2, 30000\n1: addi t2, t2, -1\n bnez t2, 1b\n sw t1, 0(t0)\n j .\n")
    expect_equal(run(["riscv64-unknown-elf-gcc", "-nostdlib", "-Wl,-Ttext=0x80000000", source, "-o", elf])[0], 0, "gcc")
    with open(counted, "w") as file:
        file.write(COUNTED.format(log=log, rvsim=os.path.abspath(RVSIM)))
    os.chmod(counted, 0o755)
    text = "".join(f'[[run]]\nname = "run {number}"\nargs = ["--seed", "{number}", "--set", "alu.latency={number % 8 + 1}", "--cpu", "cva6", "{elf}"]\nrvsim = "{counted}"\n' for number in range(count))
    path, summary = manifest(folder, text), os.path.join(folder, "summary.md")
    expect_equal(ci(folder, path, "--markdown", summary)[1], f"{count} passed, 0 failed\n", "nobody killed it")
    whole = numbers_of(read(folder, "summary.md"))
    expect(len(whole) == count and len({row[1] for row in whole.values()}) == 8, "numbers of the runs")
    os.remove(log)
    done, ended = set(), os.path.join(folder, "state/*/done/run_*.json")
    for kill in range(kills):
        before = len(started(log))
        process = subprocess.Popen([CI, path, "--state", os.path.join(folder, "state")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        target = len(done) + (kill * 37) % 170 + 1
        while process.poll() is None and len(glob.glob(ended)) < target:
            time.sleep(0.001 * (kill % 5))
        expect(process.poll() is None, "done before it was killed")
        process.kill()
        process.wait()
        again = done & set(started(log)[before:])
        expect(not again, f"runs that had ended, and began again: {again}")
        done = {int(re.search(r"run_(\d+)-", name)[1]) for name in glob.glob(ended)}
    before = len(started(log))
    got, out, err = ci(folder, path, "--markdown", summary)
    expect_equal((got, out), (0, f"{count} passed, 0 failed\n"), err[-1000:])
    last = started(log)[before:]
    expect_equal((sorted(last), err.count("(ended before)")), (sorted(set(range(count)) - done), len(done)), "runs of the last start")
    expect_equal(numbers_of(read(folder, "summary.md")), whole, "what the runs came to")
    print(f"     {kills} kills: {len(done)} of {count} runs had ended by then; {len(started(log)) - count} had begun and were killed", flush=True)


def cases():
    for case in (killed_1000, one_line, slower_trap, npm_readers):
        yield case.__name__.replace("_", "-"), case
