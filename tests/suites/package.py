"""The Debian package that `make deb` makes: lintian; in a fresh Debian 12 (debootstrap) it is installed, does the main job, and is removed without
a trace; the container's recipe and the steps of the GitHub action and the GitLab template, one by one, green and red; README.md's line of CI
where nothing but git and make is there. As root. `make package-test`."""
import functools
import glob
import os
import re
import shutil
import subprocess
import tempfile
import yaml
from outside_project import make_project, read, slow_down
from suites.tools import expect, expect_equal, run

TREE = os.path.abspath("build/bookworm.tar")
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")


def package():
    found = glob.glob("build/rvsim_*.deb")
    expect_equal(len(found), 1, "packages in build (make deb)")
    return os.path.abspath(found[0])


def fresh_tree(folder):
    """A Debian 12 of its smallest, made once."""
    if not os.path.exists(TREE):
        made = os.path.join(folder, "made")
        status, out, err = run(["debootstrap", "--variant=minbase", "bookworm", made, MIRROR], 1800)
        expect_equal(status, 0, out[-1500:] + err[-500:])
        run(["tar", "-C", made, "-cf", f"{TREE}.{os.getpid()}", "."], 300)
        os.rename(f"{TREE}.{os.getpid()}", TREE)
        shutil.rmtree(made)
    tree = os.path.join(folder, "tree")
    os.mkdir(tree)
    expect_equal(run(["tar", "-C", tree, "-xf", TREE], 300)[0], 0, "tar")
    shutil.copy("/etc/resolv.conf", os.path.join(tree, "etc/resolv.conf"))
    for name in glob.glob("/etc/apt/apt.conf.d/*proxy*"):
        shutil.copy(name, os.path.join(tree, "etc/apt/apt.conf.d"))
    return tree


def in_tree(function):
    @functools.wraps(function)
    def case():
        with tempfile.TemporaryDirectory() as folder:
            function(fresh_tree(folder))
    return case


def inside(tree, script, timeout=1200, status=0, shell=("/bin/sh", "-e"), environment=()):
    """As root in the tree; its text."""
    result = subprocess.run(["chroot", tree, *shell, "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False,
                            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root",
                                 **{name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}, **dict(environment)})
    text = result.stdout.decode(errors="replace")
    if status is not None:
        expect_equal(result.returncode, status, f"{script}\n{text[-2000:]}")
    return text if status is not None else (result.returncode, text)


def files_of(tree):
    """All, but what apt and dpkg keep of their own, and what the dynamic linker caches."""
    own = re.compile(r"(var/(lib/(apt|dpkg|systemd|pam|python|ucf)|cache|log)/|etc/ld\.so\.cache|tmp/|dev/|proc/|run/|sys/|etc/resolv\.conf)")
    return {os.path.relpath(os.path.join(root, name), tree) for root, folders, names in os.walk(tree) for name in folders + names
            if not own.match(os.path.relpath(os.path.join(root, name), tree) + "/")}


def lintian():
    status, out, err = run(["lintian", "--fail-on", "error", package()], 300)
    expect(status == 0 and not re.search("^E:", out, re.M), f"{status}\n{out}{err}")


MANIFEST = """[[run]]
name = "hello"
args = ["/usr/lib/rvsim/firmware.elf", "/usr/lib/rvsim/guests/hello.elf"]
expect = ["hello: pass"]
"""
MAIN_JOB = """rvsim -smp 4 --check percpu,worldswitch --trace /tmp/t --stats /tmp/s /usr/lib/rvsim/firmware.elf \
/usr/lib/rvsim/guests/smp.elf,name=smp /usr/lib/rvsim/guests/paging.elf,name=paging </dev/null && rvtrace stat /tmp/t"""


@in_tree
def installed(tree):
    inside(tree, "apt-get update -q")
    depends = run(["dpkg-deb", "-f", package(), "Depends"])[1]
    names = [re.split(r"[ (|]", word.strip())[0] for word in depends.split(",")]
    inside(tree, "apt-get install -y -q --no-install-recommends " + " ".join(names))
    before = files_of(tree)
    shutil.copy(package(), os.path.join(tree, "tmp/rvsim.deb"))
    inside(tree, "apt-get install -y -q --no-install-recommends /tmp/rvsim.deb")
    version = inside(tree, "rvsim --version")
    expect(re.match(r"rvsim \d+\.\d+ \(commit [0-9a-f]{10}\+?\)\nengine: ", version), version)
    text = inside(tree, MAIN_JOB)
    expect("[smp] smp: pass" in text and "[paging] paging: pass" in text and "ecall from VS-mode" in text, text[-1500:])
    with open(os.path.join(tree, "tmp/ci.toml"), "w") as file:
        file.write(MANIFEST)
    expect("1 passed, 0 failed" in inside(tree, "cd /tmp && rvsim-ci ci.toml"), "rvsim-ci")
    swept = inside(tree, "cd /tmp && rvsim-sweep --over dram.latency=20,40 -- --cpu cva6 /usr/lib/rvsim/firmware.elf /usr/lib/rvsim/guests/hello.elf")
    expect("2 of 2 points" in swept and "python3-matplotlib" in swept, swept)
    inside(tree, "rm -rf /tmp/* && apt-get purge -y -q rvsim")
    after = files_of(tree)
    expect(after == before, f"left: {sorted(after - before)[:20]}, gone: {sorted(before - after)[:20]}")


@in_tree
def container(tree):
    """contrib/container/Containerfile, its context this folder: each COPY and RUN, then its first words with a manifest."""
    with open("contrib/container/Containerfile") as file:
        steps = [line.split(None, 1) for line in file.read().splitlines() if line and not line.startswith("#")]
    expect_equal([word for word, _ in steps], ["FROM", "COPY", "RUN", "WORKDIR", "CMD"], "steps")
    rest = dict(steps)
    expect_equal(rest["FROM"], "debian:12-slim", "FROM")
    source, target = rest["COPY"].split()
    for name in glob.glob(source):
        shutil.copy(name, tree + target)
    inside(tree, rest["RUN"])
    os.makedirs(tree + rest["WORKDIR"], exist_ok=True)
    words = " ".join(re.findall(r'"([^"]*)"', rest["CMD"]))
    expect("--golden FILE" in inside(tree, f"cd {rest['WORKDIR']}; {words}"), words)
    for wanted, status, said in (("hello: pass", 0, "1 passed, 0 failed"), ("hello: fail", 1, "0 passed, 1 failed")):
        with open(os.path.join(tree + rest["WORKDIR"], "rvsim.toml"), "w") as file:
            file.write(MANIFEST.replace("hello: pass", wanted))
        expect(said in inside(tree, f"cd {rest['WORKDIR']}; rvsim-ci rvsim.toml", status=status), said)


def outside(tree):
    """The project in the tree, with its baseline, and the package; its folder here."""
    project = make_project(tree)
    expect_equal(run(["sh", "-c", f"cd {project} && {os.path.abspath('tools/rvsim-ci')} rvsim-ci.toml --update"])[0], 0, "--update")
    shutil.copy(package(), os.path.join(project, "rvsim.deb"))
    return project


def check_reports(project, summary, slower):
    """What CI shows of it: all passed, or the slower exit's name and cost."""
    text = read(project, summary) if not os.path.isabs(summary) else read("/", summary)
    if not slower:
        expect("5 passed, 0 failed" in text and "**failed**" not in text, text)
        return
    change = re.search(r"count \[cva6\] \| \*\*failed\*\* .*ecall from VS-mode: \d+ -> \d+ cycles \(\+(\d+): switch \+(\d+)", text)
    expect(change and all(38 <= int(cycles) <= 44 for cycles in change.groups()), text)
    expect('failures="1"' in read(project, "rvsim-ci.xml") and len(glob.glob(os.path.join(project, "rvsim-artifacts/count*/trace"))) == 1, os.listdir(project))


def substituted(text, inputs):
    return re.sub(r"\$\{\{ *inputs\.([^ }]+) *\}\}", lambda found: inputs[found[1]], str(text))


def github_run(tree, inputs):
    """Each step of the action, as a runner has them: (status, text of them, paths to keep)."""
    with open("contrib/github/action.yml") as file:
        action = yaml.safe_load(file)
    expect_equal(action["runs"]["using"], "composite", "kind of action")
    inputs = {name: inputs.get(name, value.get("default")) for name, value in action["inputs"].items()}
    status, text, kept = 0, "", []
    for step in action["runs"]["steps"]:
        condition = step.get("if", "success()")
        expect(condition in ("success()", "failure()", "inputs.package != ''"), condition)
        if (status != 0) != (condition == "failure()") or (condition == "inputs.package != ''" and not inputs["package"]):
            continue
        if "uses" in step:
            expect(step["uses"].startswith("actions/upload-artifact@v"), step["uses"])
            kept += step["with"]["path"].split()
            continue
        expect_equal(step["shell"], "bash", "shell")
        environment = {"GITHUB_STEP_SUMMARY": "/summary", "RUNNER_TEMP": "/tmp", **{name: substituted(value, inputs) for name, value in step.get("env", {}).items()}}
        status, said = inside(tree, "cd /project\n" + substituted(step["run"], inputs), status=None, shell=["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail"], environment=environment)
        text += said
    return status, text, kept


@in_tree
def github(tree):
    """In what a runner has: sudo."""
    inside(tree, "apt-get update -q && apt-get install -y -q --no-install-recommends sudo")
    project = outside(tree)
    for slower, given in ((False, "rvsim.deb"), (True, "")):
        if slower:
            slow_down(project)
        status, text, kept = github_run(tree, {"manifest": "rvsim-ci.toml", "package": given})
        expect_equal((status, kept), (int(slower), ["rvsim-ci.xml", "rvsim-artifacts"] if slower else []), text[-2000:])
        check_reports(project, os.path.join(tree, "summary"), slower)


@in_tree
def gitlab(tree):
    with open("contrib/gitlab/rvsim.yml") as file:
        job = yaml.safe_load(file)["rvsim"]
    expect_equal(job["image"], "debian:12", "image")
    project = outside(tree)
    for slower in (False, True):
        if slower:
            slow_down(project)
        script = "\n".join(["cd /project", *job["before_script"], *job["script"]])
        status, text = inside(tree, script, status=None, shell=["/bin/sh", "-e"], environment={**job["variables"], "RVSIM_MANIFEST": "rvsim-ci.toml"})
        expect_equal(status, int(slower), text[-2000:])
        check_reports(project, job["artifacts"]["paths"][0], slower)
        expect(job["artifacts"]["when"] == "always" and os.path.isfile(os.path.join(project, job["artifacts"]["reports"]["junit"])), "reports are kept")


@in_tree
def first_start(tree):
    """Packages, with how far they are, a build, a green run."""
    with open("README.md") as file:
        line = re.search(r"^git clone -q URL rvsim && .*$", file.read(), re.M)[0].replace("URL", "/src")
    outside(tree)
    expect_equal(run(["git", "clone", "-q", "--bare", ".", os.path.join(tree, "src")])[0], 0, "git clone")
    inside(tree, "apt-get update -q && apt-get install -y -q --no-install-recommends git make && git config --global --add safe.directory /src")
    text = inside(tree, f"cd /project && {line}", 3000)
    expect(all(words in text for words in ("this is most of what a first start takes", "% fetching\n", "% installing\n", "building rvsim")), text[:1500])
    expect(text.endswith("5 passed, 0 failed\n"), text[-1500:])


def cases():
    for case in (first_start, lintian, installed, container, github, gitlab):
        yield case.__name__.replace("_", "-"), case
