"""rvsim-ci, and what is installed: manifests, reports, killed runs that go on; make install, manual pages, completion."""
import functools
import glob
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from outside_project import make_project, read, slow_down, wait_for
from suites.checks import EVERYTHING, build_by_hand
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run

sys.path.insert(0, os.path.abspath("tools"))
from rvsimlib.causes import NAMES  # noqa: E402

CI = os.path.abspath("tools/rvsim-ci")


def manifest(folder, text, name="m.toml"):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text.replace("FIRMWARE", os.path.abspath(FIRMWARE)).replace("GUESTS", os.path.abspath("build/guests")))
    return path


def in_folder(function):
    @functools.wraps(function)
    def case():
        with tempfile.TemporaryDirectory() as folder:
            function(folder)
    return case


TWO = """
[defaults]
timeout = 60
[[run]]
name = "hello"
args = ["FIRMWARE", "GUESTS/hello.elf"]
matrix = { "--cpu" = ["cva6", "ideal"] }
expect = ["hello: pass"]
exits = { "ecall from VS-mode" = { count = 100 } }
[[run]]
name = "bad | <name>"
args = ["FIRMWARE", "GUESTS/hello.elf"]
expect = ["never"]
"""


def ci(folder, *words):
    result = subprocess.run([CI, *words, "--state", os.path.join(folder, "state")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=200)
    return result.returncode, result.stdout, result.stderr


@in_folder
def reports(folder):
    """Green and red: status, JUnit, Markdown, artifacts."""
    path = manifest(folder, TWO)
    junit, markdown, artifacts = (os.path.join(folder, name) for name in ("j.xml", "m.md", "artifacts"))
    expect_equal(ci(folder, path, "--only", "hello")[:2], (0, "2 passed, 0 failed\n"), "green")
    got, out, err = ci(folder, path, "--junit", junit, "--markdown", markdown, "--artifacts", artifacts)
    expect_equal((got, out), (1, "2 passed, 1 failed\n"), err)
    root = xml.parse(junit).getroot()
    cases = root.findall("./testsuite/testcase")
    expect_equal((root.get("tests"), root.get("failures"), len(cases)), ("3", "1", 3), "counts")
    expect_equal([case.get("name") for case in cases if case.find("failure") is not None], ["run bad | <name>"], "which failed")
    expect(len({(case.get("classname"), case.get("name")) for case in cases}) == 3, "names that are not their own")
    with open(markdown) as file:
        text = file.read()
    expect("2 passed, 1 failed" in text and "--expect 'never' never matched" in text, text)
    expect_equal(len(glob.glob(artifacts + "/*/stdout")), 1, "artifacts of failed runs")
    expect(not os.path.exists(os.path.join(folder, "state")), "state is left")


ONE = '[[run]]\nname = "a"\nargs = ["--cpu", "cva6", "FIRMWARE", "GUESTS/hello.elf"]\n'
WRONG = [  # what else a manifest may ask that could never fail, or never be met
    ('exits = { "ecall from VS-mode" = 3 }', "has limits of"), ('exits = { "ecall from VS-mode" = {} }', "has limits of"), ('exits = { "ecall from VS-mode" = { count = true } }', "has limits of"),
    ("status = 5", "a fault of rvsim itself"), ("status = 7", "another run than the golden file's"), ("status = -11", "a number of 0 and more"), ("status = 256", "none above 255"),
    ('status = 139\nexpect = ["x"]', "expect is never looked at"), ('status = 2\ngolden = "x"', "golden is never looked at"), ("status = true", "wrong kind"), ("timeout = nan", "0 and more"),
    ('matrix = { "-cpu" = ["ideal"] }', "args have -cpu too"), ('matrix = { "--cpu" = [] }', "has a list of values"), ('matrix = { "--cpu" = [["cva6"]] }', "has a list of values"), ('matrix = { "--isa" = ["rv64gch", "rv64gch"] }', "two runs are called"),
    ('matrix = { "--seed" = [1, 2] }\nbaseline = "b"', "two runs have the baseline"), ('matrix = { "--quiet" = ["x"] }', "--quiet is rvsim-ci's own"),
    ('matrix = { "--stats" = ["x"] }', "--stats is rvsim-ci's own"), ('matrix = { "--trace" = ["x"] }\nbaseline = "b"', "--trace is rvsim-ci's own"),
    ('rvsim = "./nothing"', "there is no such simulator"), ("[[defaults]]", "[defaults] and one or more"), ('[run]\nname = "a"', "m.toml: "),
]


@in_folder
def wrong_manifests(folder):
    """One line, and status 2."""
    for text, said in (("", "[[run]]"), ("[[run]]\nname = 1\nargs = []\n", "wrong kind"), ("[[run]]\nname = \"a\"\nargs = []\nexpekt = []\n", "no key `expekt'"), ("[[run]]\nname = \"a\"\n", "needs name and args"),
                       ("x = ", "m.toml: "), ("[[run]]\nname = \"a\"\nargs = []\n" * 2, "two runs are called"), ("[[run]]\nname = \"a\"\nargs = []\ntolerance = \"x\"\n", "tolerance x: N%"),
                       ("[[run]]\nname = \"a\"\nargs = []\nexits = { x = 3 }\n", "there is no cause `x'"), *((ONE + text + "\n", said) for text, said in WRONG)):
        got, out, err = ci(folder, manifest(folder, text))
        expect(got == 2 and said in err and err.count("\n") == 1 and not out, f"{text!r}: {got} {err}")
    got, _, err = ci(folder, os.path.join(folder, "nothing.toml"))
    expect(got == 2 and "No such file" in err, err)


SIMULATORS = {  # that end in every way but the right one; what is said of it
    "kill -9 $$": "killed by SIGKILL (is there too little memory?), and not 0",
    "kill -SEGV $$": "killed by SIGSEGV, and not 0",
    "exit 139": "exit status 139, and not 0",
    "exit 0": "there are no statistics",
    "echo '{}' >\"$stats\"": "there are no statistics",
    "echo '{\"cycles\": 1, ' >\"$stats\"": "there are no statistics",
}


@in_folder
def bad_simulators(folder):
    """A simulator that is killed, ends early, or leaves half of its files, is no success, whatever status is asked for."""
    path = os.path.join(folder, "rvsim")
    for script, said in SIMULATORS.items():
        with open(path, "w") as file:
            file.write(f'#!/bin/bash\nstats=$2\nulimit -c 0\n{script}\n')
        os.chmod(path, 0o755)
        text = f'{ONE}rvsim = "{path}"\nbaseline = "b"\n'
        got, out, err = ci(folder, manifest(folder, text), "--fresh")
        expect_equal((got, out), (1, "0 passed, 1 failed\n"), f"{script}: {err}")
        expect(said in err and "Traceback" not in err, f"{script}: {err}")
        if "SEGV" in script or "139" in script:
            got, out, err = ci(folder, manifest(folder, f'{ONE}rvsim = "{path}"\nstatus = 139\n'), "--fresh")
            expect(got == 1 and ("no statistics" in err or "SIGSEGV" in err), f"a crash where 139 was asked for: {err}")


MISSED = [  # what is asked of hello, behind a status that is right: what is said of it
    ('status = 3\nmax_insns = 1000000\nexpect = ["hello: pass"]', "--expect 'hello: pass' never matched"),
    ('status = 1\nexpect = ["never"]', "--expect 'never' never matched"),
    ('status = 1\nfail_on = ["hello"]', "--fail-on 'hello' matched"),
    ('exits = { "ecall from VS-mode" = { median = 10 } }', "ecall from VS-mode: median "),
    ('exits = { "illegal instruction" = { p99 = 10 } }', "illegal instruction: p99: there was no such exit"),
    ("cycles = 1000", "cycles are more than 1000"),
    ('golden = "FOLDER"', "Is a directory"), ('golden = "FOLDER/nothing"', "No such file"), ('baseline = "FOLDER"', "baseline FOLDER: "),
    ('expect = ["("]', "exit status 2, and not 0"), ('folder = "FOLDER/nothing"', "No such file or directory"),
]


@in_folder
def missed(folder):
    """No status that is asked for hides what else was."""
    text = "".join(ONE.replace('"a"', f'"{number}"') + asked.replace("FOLDER", folder) + "\n" for number, (asked, _) in enumerate(MISSED))
    got, out, err = ci(folder, manifest(folder, text))
    expect_equal((got, out), (1, f"0 passed, {len(MISSED)} failed\n"), err)
    for number, (asked, said) in enumerate(MISSED):
        told = re.search(rf"^FAIL {number} \(.*\n(( {{5}}.*\n)+)", err, re.M)
        expect(told and said.replace("FOLDER", folder) in told[1], f"{asked}: {told and told[1]}")
    planted = build_by_hand(folder, "SAME_MEMORY")
    path = manifest(folder, f'[[run]]\nname = "a"\nargs = ["--isa", "{EVERYTHING[1]}", "--check", "isolation", "{planted}"]\nstatus = 4\n')
    expect_equal(ci(folder, path)[:2], (0, "1 passed, 0 failed\n"), "a violation that is asked for")
    with open(path, "a") as file:
        file.write('expect = ["never"]\n')
    got, _, err = ci(folder, path)
    expect(got == 1 and "--expect 'never' never matched" in err, f"behind a violation: {err}")
    got, out, err = ci(folder, manifest(folder, ONE + 'exits = { "illegal instruction" = { count = 0 } }\nstatus = 0\n' + ONE.replace('"a"', '"b"').replace("GUESTS", "nowhere") + "status = 2\n"))
    expect_equal((got, out), (0, "2 passed, 0 failed\n"), err)


@in_folder
def together(folder):
    """Two manifests have one state folder, and do not meet; of one manifest nobody works twice; what was changed since is run again."""
    copy = os.path.join(folder, "rvsim")
    shutil.copy(RVSIM, copy)
    one = manifest(folder, f'{ONE}rvsim = "{copy}"\n' + ONE.replace('"a"', '"b"') + 'expect = ["never"]\n')
    other = manifest(folder, ONE.replace('"a"', '"b"'), "other.toml")
    slow = manifest(folder, ONE.replace("hello", "race").replace('"cva6"', '"u74"') + "timeout = 60\n" + ONE.replace('"a"', '"b"'), "slow.toml")
    process = subprocess.Popen([CI, slow, "--state", os.path.join(folder, "state")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    wait_for(lambda: glob.glob(os.path.join(folder, "state/slow.toml*/running/*")) or glob.glob(os.path.join(folder, "state/*/running/*")))
    got, _, err = ci(folder, slow)
    expect(got == 2 and "another rvsim-ci works on it" in err and err.count("\n") == 1, err)
    expect_equal(ci(folder, other)[:2], (0, "1 passed, 0 failed\n"), "the other manifest's run of that name")
    process.kill()
    process.wait()
    process = subprocess.Popen([CI, "-j1", one, "--state", os.path.join(folder, "state")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: [path for path in glob.glob(os.path.join(folder, "state/*/done/a-*.json")) if read_json(path).get("again", "").startswith(copy)])
    process.kill()
    process.wait()
    with open(copy, "ab") as file:
        file.write(b"another")
    os.utime(copy, ns=(os.stat(RVSIM).st_mtime_ns,) * 2)
    got, _, err = ci(folder, one)
    expect(got == 1 and "ok   a (ended before)" not in err and "ok   a (" in err, f"another simulator's result is taken: {err}")


def read_json(path):
    with open(path) as file:
        return json.load(file)


@in_folder
def at_a_terminal(folder):
    """One line that says how far it is, shorter than the terminal is wide; failed runs stand above it, and those that pass have none."""
    path = manifest(folder, "".join(ONE.replace('"a"', f'"run {number}"') for number in range(5)) + ONE.replace('"a"', '"bad"') + 'expect = ["never"]\n')
    shown = at_terminal([CI, path, "-j", "2", "--state", os.path.join(folder, "state")])
    expect(re.search(r"\r\x1b\[K\[[0-4]/6\] [01] failed; run \d, (run \d|bad)", shown), repr(shown))
    expect("FAIL bad (" in shown and "ok   " not in shown and shown.replace("\r\n", "\n").endswith("[6/6] 1 failed\n5 passed, 1 failed\n"), repr(shown))
    expect(all(len(line) < 60 for line in re.findall(r"\r\x1b\[K(\[[^\r\n]*)", shown)), repr(shown))


def at_terminal(command):
    """What a terminal of 60 columns gets."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env={**os.environ, "COLUMNS": "60", "LINES": "20"})
    os.close(slave)
    text = b""
    try:
        while part := os.read(master, 4096):
            text += part
    except OSError:
        pass  # nobody has the other side any more
    os.close(master)
    process.wait()
    return text.decode()


@in_folder
def junk(folder):
    """A console of any bytes: reports that XML readers take, and the failure is told."""
    source, elf = os.path.join(folder, "junk.S"), os.path.join(folder, "junk.elf")
    with open(source, "w") as file:
        file.write(".globl _start\n_start: li s0, 0x10000000\n li s1, 0\n1: sb s1, 0(s0)\n addi s1, s1, 1\n li t0, 256\n bne s1, t0, 1b\n li t0, 0x100000\n li t1, 0x5555\n sw t1, 0(t0)\n j .\n")
    expect_equal(run(["riscv64-unknown-elf-gcc", "-nostdlib", "-Wl,-Ttext=0x80000000", source, "-o", elf])[0], 0, "gcc")
    text = f'[[run]]\nname = "0x80000000"\nargs = ["{elf}"]\ngolden = "{folder}/golden"\n[[run]]\nname = "e1 ]]>\\u0001"\nargs = ["{elf}"]\nfail_on = ["[^a]z"]\nexpect = ["\\u001b"]\n'
    path, junit = manifest(folder, text), os.path.join(folder, "j.xml")
    expect_equal(ci(folder, path, "--update", "--only", "0x8")[0], 0, "--update")
    got, out, err = ci(folder, path, "--junit", junit, "--markdown", os.path.join(folder, "m.md"))
    expect_equal((got, out), (1, "1 passed, 1 failed\n"), err)
    names = {case.get("name"): case.find("failure") is None for case in xml.parse(junit).getroot().iter("testcase")}
    expect_equal(names, {"run 0x80000000": True, "run e1 ]]>?": False}, "JUnit")


@in_folder
def snapshots(folder):
    """Where a run differs from its golden file, its artifacts have a snapshot, and it goes on from there."""
    golden, artifacts = os.path.join(folder, "golden-{--cpu}"), os.path.join(folder, "artifacts")
    path = manifest(folder, ONE.replace('"--cpu", "cva6", ', "") + f'matrix = {{ "--cpu" = ["cva6", "ideal"] }}\ngolden = "{golden}"\ngolden_cycles = "1%"\n')
    expect_equal([ci(folder, path, "--update")[0], ci(folder, path)[0]], [0, 0], "golden files")
    with open(golden.replace("{--cpu}", "cva6")) as file:
        text = file.read()
    with open(golden.replace("{--cpu}", "cva6"), "w") as file:
        file.write(text.replace("hello: pass", "hello: fail"))
    got, out, err = ci(folder, path, "--artifacts", artifacts)
    expect(got == 1 and out == "1 passed, 1 failed\n" and "`hello: pass', and not `hello: fail'" in err, err)
    kept = glob.glob(artifacts + "/*/snapshot")
    expect_equal(len(kept), 1, "snapshots")
    got, out, err = run([RVSIM, "--cpu", "cva6", "--load", kept[0], os.path.abspath(FIRMWARE), os.path.abspath(guest("hello"))])
    expect(got == 0 and "hello: pass" not in out, f"on from there: {got} {out}{err}")


@in_folder
def other_preset(folder):
    """A baseline of another preset is none, however much faster the run is."""
    text = ONE + f'baseline = "{folder}/base"\n'
    expect_equal(ci(folder, manifest(folder, text), "--update")[0], 0, "--update")
    got, _, err = ci(folder, manifest(folder, text.replace("cva6", "ideal")))
    expect(got == 1 and "is of --cpu cva6, -smp 1, and the run of --cpu ideal, -smp 1" in err, err)


def causes():
    """Names that manifests may use are those of the simulator."""
    with open("sim/isa/cause.def") as file:
        wanted = re.findall(r'^(?:EXCEPTION|INTERRUPT)\(.*"(.*)"\)', file.read(), re.M)
    expect_equal(list(NAMES), wanted, "tools/rvsimlib/causes.py")


@in_folder
def killed(folder):
    """Killed again and again, a manifest comes to its end; what has ended is not run again, but for what has changed."""
    runs = "".join(f'[[run]]\nname = "run {number}"\nargs = ["--seed", "{number}", "FIRMWARE", "GUESTS/hello.elf"]\nexpect = ["hello: pass"]\n' for number in range(24))
    path = manifest(folder, runs)
    command = [CI, path, "--state", os.path.join(folder, "state")]
    kills = 0
    for pause in (0.5, 0.8, 1.1, 1.4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
    done = len(glob.glob(os.path.join(folder, "state/*/done/*.json")))
    got, out, err = ci(folder, path)
    expect_equal((got, out), (0, "24 passed, 0 failed\n"), err)
    expect_equal(err.count("(ended before)"), done, f"runs that were not run again, behind {kills} kills")


@in_folder
def baseline(folder):
    """A baseline is written, is found again, and a slower machine is told of in numbers."""
    text = '[[run]]\nname = "a"\nargs = ["--cpu", "cva6", "FIRMWARE", "GUESTS/hello.elf"]\nbaseline = "BASE"\ntolerance = "2%"\n'.replace("BASE", os.path.join(folder, "base"))
    path = manifest(folder, text)
    expect("is not there (--update writes it)" in ci(folder, path)[2], "a baseline that is not there")
    expect_equal(ci(folder, path, "--update")[0], 0, "--update")
    expect_equal(ci(folder, path)[0], 0, "the same")
    got, _, err = ci(folder, manifest(folder, text.replace('"--cpu"', '"--set", "dram.latency=80", "--cpu"')))
    expect(got == 1 and re.search(r"ecall from VS-mode: \d+ -> \d+ cycles \(\+\d+: .*I-cache \+", err), err)
    expect_equal(ci(folder, manifest(folder, text.replace('"--cpu"', '"--set", "dram.latency=80", "--cpu"').replace("2%", "900%")))[0], 0, "within 900 %")


@in_folder
def outside(folder):
    """A project outside: green, then red, and named, when each exit of its hypervisor takes 40 cycles more."""
    project = make_project(folder)

    def go(*words):
        result = subprocess.run([CI, "rvsim-ci.toml", "--markdown", "summary.md", *words], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=200)
        return result.returncode, result.stdout, result.stderr
    got = go("--update")
    expect_equal(got[:2], (0, "5 passed, 0 failed\n"), got[2])
    got = go()
    expect_equal(got[:2], (0, "5 passed, 0 failed\n"), got[2])
    slow_down(project)
    got, out, err = go()
    expect_equal((got, out), (1, "4 passed, 1 failed\n"), err)
    change = re.search(r"count \[cva6\] \| \*\*failed\*\* .*ecall from VS-mode: \d+ -> \d+ cycles \(\+(\d+)", read(project, "summary.md"))
    expect(change and 38 <= int(change[1]) <= 60, read(project, "summary.md"))


PROGRAMS = ("rvsim", "rvtrace", "rvsim-ci", "rvsim-sweep")


def zsh_completes(folder, words):
    """What becomes of them in a zsh at a terminal, behind a tab."""
    noted = os.path.join(folder, "noted")
    master, slave = pty.openpty()
    process = subprocess.Popen(["zsh", "-f", "-i"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                               env={**os.environ, "TERM": "dumb", "PS1": "", "HOME": folder, "PATH": os.path.join(folder, "usr/bin") + ":" + os.environ["PATH"]})
    os.close(slave)
    try:
        os.write(master, f"bindkey -e; fpath=({folder}/usr/share/zsh/site-functions $fpath); autoload -U compinit; compinit -u -D; touch {noted}.ready\n".encode())
        wait_for(lambda: os.path.exists(noted + ".ready"))
        os.write(master, f"{words}\t\x01print -r -- \x05 >{noted}.new; mv {noted}.new {noted}\n".encode())
        wait_for(lambda: os.path.exists(noted))
        return read(folder, "noted").strip()
    finally:
        process.kill()
        process.wait()
        os.close(master)
        for name in glob.glob(noted + "*"):
            os.remove(name)


@in_folder
def installed(folder):
    """make install: programs that run from there, manual pages without a warning, completion; make uninstall leaves nothing."""
    built = subprocess.run(["make", "-s", "install", f"DESTDIR={folder}", "PREFIX=/usr", *[f"{name}={os.environ[name]}" for name in ("CC_SIM", "CC_PLAIN") if name in os.environ]],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    expect_equal(built.returncode, 0, built.stdout)
    bin_folder, lib = os.path.join(folder, "usr/bin"), os.path.join(folder, "usr/lib/rvsim")
    got, out, _ = run([os.path.join(bin_folder, "rvsim"), "--version"])
    expect(got == 0 and re.match(r"rvsim \d+\.\d+ \(commit ([0-9a-f]{10}\+?|unknown)\)\nengine: ", out), out)
    got, out, _ = run([os.path.join(bin_folder, "rvsim"), "-smp", "4", f"{lib}/firmware.elf", f"{lib}/guests/smp.elf"])
    expect(got == 0 and "smp: pass" in out, out)
    for page in PROGRAMS:
        path = os.path.join(folder, f"usr/share/man/man1/{page}.1")
        got = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path], env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"},
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        expect_equal(got.stderr.decode(), "", f"man --warnings {page}")
    _, shown, _ = run(["man", "-l", os.path.join(folder, "usr/share/man/man1/rvsim.1")])
    _, told, _ = run([RVSIM, "--help"])
    lost = set(re.findall(r"--[a-z-]+", told)) - set(re.findall(r"--[a-z-]+", re.sub(r"‐\n\s*", "-", shown.replace("−", "-"))))
    expect(len(lost) <= 2, f"not in the manual page: {lost}")
    completion = os.path.join(folder, "usr/share/bash-completion/completions/rvsim")
    for words, wanted in ((["rvsim", "--cpu", "cv"], "cva6"), (["rvsim", "--gol"], "--golden"), (["rvsim", "--set", "dram.lat"], "dram.latency="), (["rvtrace", "ex"], "export"),
                          (["rvtrace", "export", "--format", "=", "kan"], "kanata"), (["rvsim-ci", "--jun"], "--junit"), (["rvsim-sweep", "--ov"], "--over"), (["rvsim-sweep", "--over", "dram.lat"], "dram.latency=")):
        script = f"source {completion}; PATH={bin_folder}:$PATH; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _{words[0].replace('-', '_')}; echo ${{COMPREPLY[@]}}"
        expect_equal(run(["bash", "-c", script])[1].split(), [wanted], f"completion of {words}")
    for words, wanted in (("rvsim --gol", "rvsim --golden"), ("rvsim-ci --jun", "rvsim-ci --junit"), ("rvsim-sweep --meas", "rvsim-sweep --measure"), ("rvtrace ex", "rvtrace export")):
        expect_equal(zsh_completes(folder, words), wanted, "zsh")
    subprocess.run(["make", "-s", "uninstall", f"DESTDIR={folder}", "PREFIX=/usr"], check=True)
    expect_equal([path for path in glob.glob(folder + "/**", recursive=True) if os.path.isfile(path) or os.path.islink(path)], [], "left behind")


def templates():
    """contrib's templates run the same line, with options that there are."""
    _, told, _ = run([CI, "--help"])
    for path in ("contrib/github/action.yml", "contrib/gitlab/rvsim.yml"):
        with open(path) as file:
            text = file.read()
        used = re.search(r"rvsim-ci .*", text)[0]
        expect(all(option in told for option in re.findall(r"--[a-z]+", used)), f"{path}: {used}")


def cases():
    yield "reports", reports
    yield "wrong-manifests", wrong_manifests
    for case in (bad_simulators, missed, together, at_a_terminal, junk, snapshots, other_preset, causes):
        yield case.__name__.replace("_", "-"), case
    yield "killed", killed
    yield "baseline", baseline
    yield "outside", outside
    yield "installed", installed
    yield "templates", templates
