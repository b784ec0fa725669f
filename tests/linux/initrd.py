#!/usr/bin/env python3
"""An initial ramdisk for Linux, as cpio's "newc" has it: /dev/console, one program as /init, others in a folder: /selftests, unless FOLDER names it.

    initrd.py INIT OUTPUT [--folder=FOLDER] [PROGRAM...]
"""
import os
import sys


def entry(number, name, mode, data=b"", device=(0, 0)):
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    header += b"\0" * (-len(header) % 4)
    return header + data + b"\0" * (-len(data) % 4)


def program(number, name, path):
    with open(path, "rb") as file:
        return entry(number, name, 0o100755, file.read())


def main():
    init, output, *selftests = sys.argv[1:]
    folder = selftests.pop(0).split("=")[1] if selftests and selftests[0].startswith("--folder=") else "selftests"
    with open(output, "wb") as file:
        file.write(entry(1, "dev", 0o40755) + entry(2, "dev/console", 0o20600, device=(5, 1)) + program(3, "init", init))
        if selftests:
            file.write(entry(4, folder, 0o40755))
        for number, path in enumerate(selftests, 5):
            file.write(program(number, f"{folder}/{os.path.basename(path)}", path))
        file.write(entry(0, "TRAILER!!!", 0))


if __name__ == "__main__":
    main()
