#!/usr/bin/env python3
"""An initial ramdisk for Linux, as cpio's "newc" has it: /dev/console and, as /init, one program.

    initrd.py INIT OUTPUT
"""
import sys


def entry(number, name, mode, data=b"", device=(0, 0)):
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    header += b"\0" * (-len(header) % 4)
    return header + data + b"\0" * (-len(data) % 4)


def main():
    with open(sys.argv[1], "rb") as file:
        init = file.read()
    with open(sys.argv[2], "wb") as file:
        file.write(entry(1, "dev", 0o40755) + entry(2, "dev/console", 0o20600, device=(5, 1)) + entry(3, "init", 0o100755, init)
                   + entry(0, "TRAILER!!!", 0))


if __name__ == "__main__":
    main()
