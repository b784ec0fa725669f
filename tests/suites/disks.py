"""Disk images by virtio-blk, as Debian's U-Boot drives them: the same on QEMU and here, by either version of the transport, with and
without a snapshot."""
import os
import re
import tempfile
import zlib
from suites.tools import OPENSBI, QEMU, RVSIM, expect, expect_equal, run

U_BOOT = "/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf"
OURS = [RVSIM, "-M", "virt", "-m", "512M", "-nographic", "--max-cycles", "3000000000"]
FILE = bytes(range(256)) * 500
SECTOR, MARK = 15000, b"\x5a\xa5\x00\xff" * 128

# Reads a file, copies it to sectors at the end, says what is where; then what the machine is told to do last.
COMMANDS = """virtio scan; virtio info; ext4ls virtio 0 /folder
ext4load virtio 0 84000000 /folder/file; crc32 84000000 ${filesize}
mw.l 85000000 ff00a55a 80; virtio write 85000000 %x 1; mw.l 85000000 0 80
virtio read 85000000 %x 1; crc32 85000000 200
""" % (SECTOR, SECTOR)


def make_image(folder):
    """An ext4 file system of 8 MiB with a file that can be told again."""
    source, path = os.path.join(folder, "source"), os.path.join(folder, "image")
    os.makedirs(os.path.join(source, "folder"))
    with open(os.path.join(source, "folder/file"), "wb") as file:
        file.write(FILE)
    with open(path, "wb") as file:
        file.truncate(8 << 20)
    status, out, err = run(["mke2fs", "-q", "-t", "ext4", "-d", source, path])
    expect(status == 0, out + err)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def answers(out):
    """What U-Boot says after the first command, but how fast it was."""
    text = out.replace("\r", "").split("virtio scan;")[-1]
    return [re.sub(r"in \d+ ms.*", "", line).replace("=> ", "") for line in text.split("\n")[1:]]


def u_boot(machine, image, options, last="poweroff"):
    typed = "\n" * 100 + COMMANDS + last + "\n"
    command = [*machine, "-bios", OPENSBI, "-kernel", U_BOOT, "-drive", f"if=none,id=d,format=raw,file={image}{options.get('drive', '')}",
               "-device", "virtio-blk-device,drive=d", "-global", f"virtio-mmio.force-legacy={options.get('legacy', 'on')}"]
    return run(command, 200, typed.encode())


def drives(legacy):
    with tempfile.TemporaryDirectory() as folder:
        image = make_image(folder)
        fresh, said = read(image), {}
        for machine, name in ((OURS, "rvsim"), (QEMU, "QEMU")):
            with open(image, "wb") as file:
                file.write(fresh)
            status, out, err = u_boot(machine, image, {"legacy": legacy})
            expect(status == 0, f"{name}: exit {status}\n{out[-2000:]}\n{err}")
            said[name] = answers(out)
            expect(f"{zlib.crc32(FILE):08x}" in out and f"{zlib.crc32(MARK):08x}" in out, f"{name}:\n{out[-2000:]}")
            wanted = fresh[:SECTOR * 512] + MARK + fresh[(SECTOR + 1) * 512:]
            expect(read(image) == wanted, f"{name}: the image is not what was written")
        expect_equal(said["rvsim"], said["QEMU"], "what U-Boot says")


def snapshot():
    with tempfile.TemporaryDirectory() as folder:
        image = make_image(folder)
        fresh = read(image)
        for machine in (OURS, [*OURS, "-snapshot"]):
            drive = ",snapshot=on" if machine == OURS else ""
            status, out, err = u_boot(machine, image, {"drive": drive})
            expect(status == 0 and f"{zlib.crc32(MARK):08x}" in out, f"exit {status}\n{out[-2000:]}\n{err}")
            expect(read(image) == fresh, "a snapshot has changed its image")


def read_only():
    with tempfile.TemporaryDirectory() as folder:
        image = make_image(folder)
        fresh = read(image)
        os.chmod(image, 0o400)
        status, out, err = u_boot(OURS, image, {"drive": ",readonly=on"})
        expect(status == 0 and f"{zlib.crc32(FILE):08x}" in out, f"exit {status}\n{out[-2000:]}\n{err}")
        expect(f"{zlib.crc32(MARK):08x}" not in out and read(image) == fresh, f"it was written:\n{out[-2000:]}")


def repeats():
    """Two runs over the same image are the same run, whatever engine; another image is another run."""
    hashes = []
    with tempfile.TemporaryDirectory() as folder:
        image, stats = make_image(folder), os.path.join(folder, "stats")
        for number, program in enumerate((RVSIM, RVSIM, "build/plain/rvsim", RVSIM)):
            if number == 3:
                with open(image, "r+b") as file:
                    file.seek((8 << 20) - 1)
                    file.write(b"x")
            status, _, err = u_boot([program, *OURS[1:], "--stats", stats], image, {"drive": ",snapshot=on"})
            expect(status == 0, err)
            text = read(stats).decode()
            hashes.append((re.search(r'"trace_hash": *"?([0-9a-fx]+)', text)[1], re.search(r'image",\s*"size": *\d+,\s*"hash": *"?(\w+)', text)[1]))
    expect(hashes[0] == hashes[1] == hashes[2], f"{hashes}")
    expect(hashes[3][1] != hashes[0][1], "another image has the same identity")


def resets():
    """What was written before a reset is there after it."""
    again = "reset\n" + "\n" * 100 + "virtio scan; virtio read 86000000 %x 1; crc32 86000000 200\npoweroff" % SECTOR
    with tempfile.TemporaryDirectory() as folder:
        status, out, err = u_boot(OURS, make_image(folder), {"drive": ",snapshot=on"}, again)
        expect(status == 0 and out.count("U-Boot 20") == 2, f"exit {status}\n{out[-1000:]}\n{err}")
        expect(f"{zlib.crc32(MARK):08x}" in out.split("U-Boot 20")[2], f"it is not there any more:\n{out[-1000:]}")


def cases():
    yield "legacy", lambda: drives("on")
    yield "modern", lambda: drives("off")
    yield "snapshot", snapshot
    yield "read-only", read_only
    yield "repeats", repeats
    yield "resets", resets
