"""rvsim-ci, and what is installed: manifests, reports, killed runs that go on; make install, manual pages, completion."""
import glob
import os
import re
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as xml
from outside_project import make_project, read, slow_down
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run

CI = os.path.abspath("tools/rvsim-ci")


def manifest(folder, text, name="m.toml"):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text.replace("FIRMWARE", os.path.abspath(FIRMWARE)).replace("GUESTS", os.path.abspath("build/guests")))
    return path


def in_folder(function):
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


@in_folder
def wrong_manifests(folder):
    """One line, and status 2."""
    for text, said in (("", "[[run]]"), ("[[run]]\nname = 1\nargs = []\n", "wrong kind"), ("[[run]]\nname = \"a\"\nargs = []\nexpekt = []\n", "no key `expekt'"), ("[[run]]\nname = \"a\"\n", "needs name and args"),
                       ("x = ", "m.toml: "), ("[[run]]\nname = \"a\"\nargs = []\n" * 2, "two runs are called"), ("[[run]]\nname = \"a\"\nargs = []\ntolerance = \"x\"\n", "tolerance x: N%"),
                       ("[[run]]\nname = \"a\"\nargs = []\nexits = { x = 3 }\n", "has limits of")):
        got, out, err = ci(folder, manifest(folder, text))
        expect(got == 2 and said in err and err.count("\n") == 1 and not out, f"{text!r}: {got} {err}")
    got, _, err = ci(folder, os.path.join(folder, "nothing.toml"))
    expect(got == 2 and "No such file" in err, err)


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
    done = len(glob.glob(os.path.join(folder, "state/done/*.json")))
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
    for page in ("rvsim", "rvtrace", "rvsim-ci"):
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
                          (["rvtrace", "export", "--format", "=", "kan"], "kanata")):
        script = f"source {completion}; PATH={bin_folder}:$PATH; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _{words[0]}; echo ${{COMPREPLY[@]}}"
        expect_equal(run(["bash", "-c", script])[1].split(), [wanted], f"completion of {words}")
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
    yield "killed", killed
    yield "baseline", baseline
    yield "outside", outside
    yield "installed", installed
    yield "templates", templates
