"""Linux with a folder of the host's by virtio-9p, and with consoles and ports by virtio-serial, here and on QEMU.

The share task of tests/linux/init does to the folder whatever a file system can be asked; what it leaves there is compared with what
it says it did, and with what the same run on QEMU leaves. Long, and needs what `make linux` builds."""
import hashlib
import os
import re
import stat
import tempfile
from suites.linux import INITRD, KERNELS, OPENSBI, OURS, TROUBLE
from suites.linux_disk import TRANSPORTS, content
from suites.tools import QEMU, expect, expect_equal, run, stats_of

MACHINES = {"rvsim": OURS, "qemu": QEMU}
MODELS = ["none", "passthrough", "mapped-xattr", "mapped-file"]
FILES, LARGEST, MANY = 200, 30000, 1000
DONE_CHECKS = ["text of the host's", "a thousand entries", "links", "two hundred files", "attributes", "open and gone",
               "a folder that moves", "locks", "extended attributes", "mapped memory", "a mapping that is written"]


def fill(folder, order=1):
    """What the task finds there. `order`: files are made in this one or the other way round, which the guest must not notice."""
    os.makedirs(f"{folder}/many")
    for number in range(MANY)[::order]:
        with open(f"{folder}/many/f{number:04}", "w"):
            pass
    with open(f"{folder}/text", "w") as file:
        file.write("put here by the host\n")
    os.symlink("text", f"{folder}/inside")
    os.symlink("/proc/cmdline", f"{folder}/outside")
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in folders + files:
            os.utime(f"{parent}/{name}", (1e9, 1e9), follow_symlinks=False)
    os.utime(folder, (1e9, 1e9))


def options(machine, append, more):
    return [*MACHINES[machine], "-bios", OPENSBI["1.1"], "-kernel", KERNELS["6.1"], "-initrd", INITRD, *more,
            "-append", append]


def boot(machine, append, more, stdin=None, good=True):
    status, out, err = run(options(machine, append, more), 300, stdin)
    out = out.replace("\r", "")
    trouble = re.findall(TROUBLE, out)
    expect(not trouble, f"the kernel complains: {trouble[:5]}")
    expect(status == 0 and ("\nDONE\n" in out) == good, f"exit {status}:\n{out[-1500:]}\n{err[-500:]}")
    return out


def device(folder, model):
    return ["-fsdev", f"local,id=here,path={folder},security_model={model}",
            "-device", "virtio-9p-device,fsdev=here,mount_tag=share"]


def checks(out):
    return re.findall(r"^(?:OK|FAIL) .*|^text: .*", out, re.M)


def tree(folder):
    """{path: what is there}, with permissions, contents, and what mapped-xattr keeps; not the model's own files."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            path = f"{parent}/{name}"
            status, key = os.lstat(path), os.path.relpath(path, folder)
            if stat.S_ISLNK(status.st_mode):
                what = os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    what = hashlib.sha256(file.read()).hexdigest()
            else:
                what = ""
            kept = {attribute: os.getxattr(path, attribute, follow_symlinks=False)
                    for attribute in sorted(os.listxattr(path, follow_symlinks=False)) if attribute.startswith("user.")}
            found[key] = (oct(status.st_mode), status.st_nlink if stat.S_ISREG(status.st_mode) else 0, what, kept)
    return found


def left_as_told(folder):
    """What the task says that it has left."""
    made = {f"{number:03}" for number in range(FILES) if number % 4 == 2}
    moved = {f"{number:03}" for number in range(FILES) if number % 2}
    expect_equal(set(os.listdir(f"{folder}/made")) - {".virtfs_metadata"}, made, "files that were not removed")
    expect_equal(set(os.listdir(f"{folder}/moved")) - {".virtfs_metadata"}, moved, "files that were renamed")
    for place, names in (("made", made), ("moved", moved)):
        for name in names:
            with open(f"{folder}/{place}/{name}", "rb") as file:
                expect(file.read() == content(int(name), LARGEST), f"{place}/{name} is not what was written")
    with open(f"{folder}/mapped", "rb") as file:
        expect(file.read() == bytes(i % 251 for i in range(3 * 4096)), "what was written through a mapping")
    with open(f"{folder}/new/x") as file:
        expect_equal(file.read(), "333", "a file in a folder that moved")
    expect_equal(os.stat(f"{folder}/file").st_size, 100000, "a file's length")
    expect(not os.path.exists(f"{folder}/gone") and not os.path.exists(f"{folder}/second"), "what was removed is there")
    expect_equal(len([name for name in os.listdir(f"{folder}/many") if name[0] == "f"]), MANY, "the thousand")


def share(model, transport):
    """What is here and in QEMU left behind, for the same calls: the same tree, and the same answers to the guest."""
    lines, trees = {}, {}
    with tempfile.TemporaryDirectory() as work:
        for machine in MACHINES:
            folder = f"{work}/{machine}"
            fill(folder)
            # a link of the host's cannot be read there where links are mapped: that check fails on QEMU
            mapped = machine == "qemu" and model.startswith("mapped")
            out = boot(machine, "console=ttyS0 task=share", device(folder, model) + TRANSPORTS[transport], good=not mapped)
            lines[machine] = [line for line in checks(out) if not re.match(r"\w+ links", line)]
            trees[machine] = tree(folder)
            if machine == "rvsim":
                expect_equal([line[3:] for line in checks(out) if line.startswith("OK")], DONE_CHECKS, "checks that hold")
                left_as_told(folder)
            if mapped: # it stopped before the second mount, and before its own link
                lines["rvsim"] = [line for line in lines["rvsim"] if line != "OK a mapping that is written"]
    expect_equal(lines["rvsim"], lines["qemu"], "what the guest says")
    for name in ("mapped", "mine") if model.startswith("mapped") else ():
        for found in trees.values():
            for path in (name, f".virtfs_metadata/{name}"):
                found.pop(path, None)
    expect_equal(trees["rvsim"], trees["qemu"], "what is left in the folder")


def special(model):
    """A pipe the guest makes is one on the host, or stands for one; neither machine opens it. QEMU 7.2 makes none."""
    with tempfile.TemporaryDirectory() as work:
        fill(f"{work}/here")
        boot("rvsim", "console=ttyS0 task=pipe", device(f"{work}/here", model))
        expect_equal(stat.S_ISFIFO(os.lstat(f"{work}/here/pipe").st_mode), not model.startswith("mapped"), "a pipe on the host")


def read_only():
    with tempfile.TemporaryDirectory() as work:
        fill(f"{work}/here")
        before = tree(f"{work}/here")
        more = device(f"{work}/here", "none")
        more[1] += ",readonly=on"
        out = boot("rvsim", "console=ttyS0 task=share", more, good=False)
        expect("OK text of the host's" in out and "FAIL two_hundred_files" in out and "Read-only file system" in out, out[-1500:])
        expect_equal(tree(f"{work}/here"), before, "a folder that is only read")


def virtfs():
    """-virtfs is -fsdev and its device."""
    with tempfile.TemporaryDirectory() as work:
        fill(f"{work}/here")
        out = boot("rvsim", "console=ttyS0 task=share",
                   ["-virtfs", f"local,path={work}/here,mount_tag=share,security_model=mapped-xattr,id=any"])
        expect_equal(len([line for line in checks(out) if line.startswith("OK")]), len(DONE_CHECKS), "checks that hold")


def same_run():
    """Equal folders, equal runs: whatever the host's inode numbers, order of entries, clock and status times."""
    hashes = []
    with tempfile.TemporaryDirectory() as work:
        for name, order in (("one", 1), ("other", -1)):
            fill(f"{work}/{name}", order)
            # the folder's path is not the guest's to see, nor the configuration's: it is named the same
            os.rename(f"{work}/{name}", f"{work}/here")
            _, out, stats = stats_of(options("rvsim", "console=ttyS0 task=share", device(f"{work}/here", "none")), 300)
            expect("\nDONE" in out.replace("\r", ""), out[-1500:])
            hashes.append((stats["trace_hash"], stats["cycles"], out))
            os.rename(f"{work}/here", f"{work}/{name}")
    expect(hashes[0] == hashes[1], f"two runs differ: {hashes[0][:2]}, {hashes[1][:2]}")


def serial(*ports):
    words = ["-device", "virtio-serial-device"]
    for number, (model, back_end, more) in enumerate(ports):
        words += ["-chardev", f"{back_end},id=c{number}", "-device", f"{model},chardev=c{number}{more}"]
    return words


def console(machine, transport):
    """A shell on a virtio console, which is the guest's only one."""
    plain = [*MACHINES[machine]]
    plain.remove("-nographic")
    command = [*plain, "-display", "none", "-serial", "null", *serial(("virtconsole", "stdio", "")), *TRANSPORTS[transport],
               "-bios", OPENSBI["1.1"], "-kernel", KERNELS["6.1"], "-initrd", INITRD, "-append", "console=hvc1 quiet task=shell"]
    status, out, err = run(command, 200, b"echo hello\nfork 5\nexit\n")
    lines = [line for line in out.replace("\r", "").splitlines() if not line.startswith("[")]
    expect(status == 0, f"exit {status}: {out[-800:]}{err[-500:]}")
    expect_equal(lines[-4:], ["OK shell", "hello", "5", "DONE"], "the end of a session")


def ports(machine, transport):
    """Named ports: the guest finds them by their names, and what it writes there is in the files."""
    with tempfile.TemporaryDirectory() as work:
        more = serial(("virtserialport", f"file,path={work}/one", ",name=org.test.one"),
                      ("virtserialport", f"file,path={work}/two", ",name=two,nr=7"))
        out = boot(machine, "console=ttyS0 task=ports", more + TRANSPORTS[transport])
        expect("\nport 1: org.test.one\nport 7: two\n" in out, out[-800:])
        for name, text in (("one", "to org.test.one\n"), ("two", "to two\n")):
            with open(f"{work}/{name}") as file:
                expect_equal(file.read(), text, f"what came through port {name}")


def replayed():
    """Input to a virtio console, recorded, is the same run again."""
    with tempfile.TemporaryDirectory() as work:
        plain = [*OURS]
        plain.remove("-nographic")
        command = [*plain, *serial(("virtconsole", "stdio", "")), "-bios", OPENSBI["1.1"], "-kernel", KERNELS["6.1"], "-initrd", INITRD,
                   "-append", "console=hvc1 quiet task=shell", "--stats", f"{work}/stats"]
        results = []
        for more, stdin in ((["--record", f"{work}/input"], b"echo again\nexit\n"), (["--replay", f"{work}/input"], None)):
            status, out, err = run(command + more, 200, stdin)
            expect(status == 0 and "\nagain" in out.replace("\r", "").replace("echo again", ""), f"exit {status}: {out[-800:]}{err[-500:]}")
            with open(f"{work}/stats") as file:
                results.append((out, re.search(r'"trace_hash": *("[^"]*"|\d+)', file.read())[1]))
        expect_equal(results[1], results[0], "a run that is replayed")


def cases():
    for model in MODELS:
        for transport in TRANSPORTS:
            yield f"{model}-{transport}", lambda model=model, transport=transport: share(model, transport)
        yield f"pipe-{model}", lambda model=model: special(model)
    yield "read-only", read_only
    yield "virtfs", virtfs
    yield "same-run", same_run
    for machine in MACHINES:
        for transport in TRANSPORTS:
            yield f"console-{machine}-{transport}", lambda machine=machine, transport=transport: console(machine, transport)
            yield f"ports-{machine}-{transport}", lambda machine=machine, transport=transport: ports(machine, transport)
    yield "replayed", replayed
