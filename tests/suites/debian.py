"""Debian 13 itself: unpacked on the host, it becomes a system by debootstrap's second stage, here and on QEMU, on four harts: the same
packages, all configured, the same files, in a file system that is clean. Then each machine runs what the other has installed: a shell,
gcc and what it compiles, python3; here with a core's timing too. Long, and needs what `make debian` builds."""
import datetime
import filecmp
import functools
import hashlib
import os
import re
import struct
import sys
import tempfile
import threading
from suites.linux import TROUBLE
from suites.tools import OPENSBI, RVSIM, expect, expect_equal, run

FOLDER = "build/debian"
KERNEL = "build/linux/12/Image"
GUEST = "tests/debian"  # what comes into the image's /test
U_BOOT = "/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf"
SECTOR, PARTITION_AT = 512, 1 << 20
HOURS = 4 * 3600
# Written while it installs itself, with the time, process numbers or inodes in it: no two installations have them alike.
OF_THE_RUN = r"(?:var/log|var/cache/ldconfig|test)(?:/|$)"


def machine(name, harts=4):
    """Either has 1 GiB, and begins at the image's date."""
    epoch = int(os.stat(f"{FOLDER}/image").st_mtime)
    if name == "qemu":
        date = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        command = ["qemu-system-riscv64", "-cpu", "rv64,h=true", "-rtc", f"base={date}"]
    else:
        command = [RVSIM, "--cpu", {"rvsim": "ideal", "rvsim-timed": "cva6"}[name], "--set", f"rtc.epoch={epoch}"]
    return [*command, "-M", "virt", "-smp", str(harts), "-m", "1G", "-nographic", "-bios", OPENSBI]


def arguments(root, task):
    return f"root={root} rw console=ttyS0 loglevel=5 init=/test/init task={task}"


def runs(command, image):
    """What is said until DONE and power off."""
    status, out, err = run([*command, "-drive", f"if=none,format=raw,id=disk0,file={image}", "-device", "virtio-blk-device,drive=disk0"], HOURS)
    out = out.replace("\r", "")
    trouble = re.findall(TROUBLE, out)
    expect(not trouble, f"the kernel complains: {trouble[:5]}")
    expect(status == 0 and re.search(r"^DONE$", out, re.M), f"exit {status}:\n{out[-3000:]}\n{err[-500:]}")
    return out


def does(name, image, task, harts=4):
    """What it cost is left in a file of statistics."""
    more = ["--stats", f"{FOLDER}/{task}-{name}-{harts}.json"] if name != "qemu" else []
    return runs([*machine(name, harts), *more, "-kernel", KERNEL, "-append", arguments("/dev/vda", task)], image)


def well(command):
    """What a program of the host says that ends with 0."""
    status, out, err = run(command, 600)
    expect(status == 0, f"{command}: exit {status}\n{out[-1500:]}{err[-500:]}")
    return out


def debugfs(image, *requests, options=()):
    """What debugfs answers; it tells of a request that fails, and ends with 0 all the same."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(requests) + "\n")
        file.flush()
        return well(["debugfs", *options, "-f", file.name, image])


def is_clean(image):
    well(["e2fsck", "-fn", image])


def first_stage(image):
    """The image of the first stage, with what is to be done in it."""
    well(["cp", "--sparse=always", f"{FOLDER}/image", image])
    requests = ["mkdir /test"]
    for name in ("init", "program.c", "program.py", "program.sh"):
        requests += [f"write {GUEST}/{name} /test/{name}", f"sif /test/{name} mode 0100755", f"sif /test/{name} uid 0", f"sif /test/{name} gid 0"]
    debugfs(image, *requests, options=["-w"])
    is_clean(image)


LOCKS = {"rvsim": threading.Lock(), "qemu": threading.Lock()}
INSTALLED = {}


def install(name):
    image = f"{FOLDER}/{name}"
    first_stage(image)
    out = does(name, image, "install")
    is_clean(image)
    return image, [line for line in out.splitlines() if line.startswith(("I: ", "OK ", "DONE"))]


def installed(name):
    """The image that a machine has installed, and what was said: once, also where it fails."""
    with LOCKS[name]:
        if name not in INSTALLED:
            INSTALLED[name] = None
            INSTALLED[name] = install(name)
        expect(INSTALLED[name], f"{name} has installed nothing")
        return INSTALLED[name]


def packages(image):
    return debugfs(image, "cat /test/packages").splitlines()[1:]


def second_stage(name):
    image, said = installed(name)
    expect_equal(said[-5:], [f"OK {what}" for what in ("second stage", "every package is configured", "every file is as packaged", "lists")]
                 + ["DONE"], "what is said at the end")
    expect("I: Base system installed successfully." in said, f"debootstrap says:\n{said}")
    found = packages(image)
    for package in ("libc6", "dpkg", "gcc-14", "libc6-dev", "python3-minimal"):
        expect(any(re.match(f"installed {package} ", line) for line in found), f"{package} is not there: {found}")
    expect(len(found) > 100 and all(line.startswith("installed ") for line in found), f"packages: {found}")


def same():
    """Names, modes, owners and links as the guest sees them; what is in the files as e2fsprogs does."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as work:
        lists, trees = {}, {}
        for name in LOCKS:
            image, _ = installed(name)
            lists[name] = packages(image), debugfs(image, "cat /test/files").splitlines()[1:]
            trees[name] = f"{work}/{name}"
            os.mkdir(trees[name])
            debugfs(image, f"rdump / {trees[name]}")
        (ours, our_files), (theirs, their_files) = lists["rvsim"], lists["qemu"]
        expect_equal(ours, theirs, "packages")
        other = sorted(line for line in set(our_files) ^ set(their_files) if not re.match(OF_THE_RUN, line))
        expect(not other, f"modes, owners or names: {other[:20]}")
        names = [found[1] for found in (re.match(r"(.+) -[rwxst-]{9} \d+:\d+ $", line) for line in our_files) if found]
        expect(len(names) > 5000, f"only {len(names)} files")
        differ = [path for path in names if not re.match(OF_THE_RUN, path)
                  and not filecmp.cmp(f"{trees['rvsim']}/{path}", f"{trees['qemu']}/{path}", shallow=False)]
        expect(not differ, f"{len(differ)} of {len(names)} files differ: {differ[:20]}")


@functools.cache
def expected():
    """What the programs print, by this host's shell, compiler and Python."""
    with tempfile.TemporaryDirectory() as work:
        well(["gcc", "-O2", "-o", f"{work}/program", f"{GUEST}/program.c", "-lm"])
        said = []
        for name, command in (("shell", ["sh", f"{GUEST}/program.sh"]), ("gcc", [f"{work}/program"]),
                              ("python3", [sys.executable, f"{GUEST}/program.py"])):
            said += [*well(command).splitlines(), f"OK {name}"]
    return said


def printed(out):
    return out.split("task programs\n")[-1].split("\nDONE\n")[0].splitlines()


def programs(name, whose, harts):
    """A shell, gcc and python3 print what they do on the host; the image stays as it is."""
    image, _ = installed(whose)
    with open(image, "rb") as file:
        before = hashlib.file_digest(file, "sha256").hexdigest()
    out = does(name, f"{image},snapshot=on", "programs", harts)
    expect_equal(printed(out), expected(), "what is printed")
    with open(image, "rb") as file:
        expect(hashlib.file_digest(file, "sha256").hexdigest() == before, "the image changed")


EXTLINUX = """timeout 1
default debian
label debian
	kernel /boot/Image
	append %s
""" % arguments("/dev/vda1", "programs")


def disk_of(image, path):
    """A disk whose one partition is the image, with a kernel and a menu in its /boot."""
    with tempfile.NamedTemporaryFile("w", dir=FOLDER) as menu:
        menu.write(EXTLINUX)
        menu.flush()
        well(["cp", "--sparse=always", image, f"{path}.part"])
        debugfs(f"{path}.part", f"write {KERNEL} /boot/Image", "mkdir /boot/extlinux", f"write {menu.name} /boot/extlinux/extlinux.conf",
                options=["-w"])
    is_clean(f"{path}.part")
    with open(path, "wb") as file:
        first, size = PARTITION_AT // SECTOR, os.stat(image).st_size // SECTOR
        entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", first, size)
        file.write(bytes(446) + entry + bytes(48) + b"\x55\xaa")
    well(["dd", f"if={path}.part", f"of={path}", "bs=1M", f"seek={PARTITION_AT >> 20}", "conv=sparse,notrunc", "status=none"])
    os.truncate(path, PARTITION_AT + size * SECTOR)


def by_u_boot(name):
    """Nothing but a disk: U-Boot finds the menu and the kernel on it, and Debian does its task."""
    image, _ = installed("rvsim")
    with tempfile.TemporaryDirectory(dir=FOLDER) as work:
        disk_of(image, f"{work}/disk")
        out = runs([*machine(name), "-kernel", U_BOOT], f"{work}/disk")
        expect("U-Boot 2023" in out and "/boot/extlinux/extlinux.conf" in out, f"not by U-Boot's menu:\n{out[:3000]}")
        expect_equal(printed(out), expected(), "what is printed")
        well(["dd", f"if={work}/disk", f"of={work}/image", "bs=1M", f"skip={PARTITION_AT >> 20}", "conv=sparse", "status=none"])
        is_clean(f"{work}/image")


def cases():
    for name in LOCKS:
        yield f"second-stage-{name}", lambda name=name: second_stage(name)
    yield "second-stage-same", same
    for name, whose, harts in (("rvsim", "rvsim", 4), ("rvsim", "qemu", 1), ("qemu", "rvsim", 4), ("rvsim-timed", "rvsim", 1)):
        yield f"programs-{name}-{harts}-of-{whose}", lambda what=(name, whose, harts): programs(*what)
    for name in LOCKS:
        yield f"u-boot-{name}", lambda name=name: by_u_boot(name)
