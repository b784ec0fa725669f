"""What suites share: running programs and reading what they print."""
import json
import os
import re
import subprocess
import tempfile

RVSIM = "build/rvsim"
RVTRACE = "build/rvtrace"
PLAIN = "build/plain/rvsim"
FIRMWARE = "build/firmware.elf"
FIRMWARE_S = "build/firmware-s.elf"
OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf"
QEMU = ["qemu-system-riscv64", "-M", "virt", "-cpu", "rv64,h=true", "-m", "512M", "-nographic"]
GUESTS = ["hello", "smp", "timer", "paging", "mmio", "faults", "plic", "race", "tp", "rogue", "reboot", "counters"]


def guest(name):
    return f"build/guests/{name}.elf"


def run(command, timeout=120, stdin=None):
    """Run a program; returns (exit status, stdout, stderr) as text. Never waits for input."""
    try:
        result = subprocess.run(command, timeout=timeout, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"{command}: not done after {timeout} s:\n{(error.output or b'')[-1500:].decode(errors='replace')}") from None
    return result.returncode, result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def expect_equal(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}:\n got    {str(got)[-1500:]!r}\n wanted {str(wanted)[-1500:]!r}")


def passed_failed(text):
    """The counts of the last 'N passed, N failed' line."""
    found = re.findall(r"^(\d+) passed, (\d+) failed", text, re.M)
    expect(found, "no closing line in:\n" + text[-2000:])
    return tuple(map(int, found[-1]))


def run_program_suite(command, timeout=600):
    """A program that prints its own closing line: it must exit 0, have run something, and have failed nothing."""
    status, out, err = run(command, timeout)
    passed, failed = passed_failed(out)
    expect(status == 0 and failed == 0 and passed > 0, f"{command}: exit {status}\n{out[-3000:]}\n{err[-1000:]}")


def stats_of(command, timeout=120):
    """Run rvsim with --stats; returns (exit status, stdout, statistics)."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stats.json")
        status, out, err = run(command[:1] + ["--stats", path] + command[1:], timeout)
        expect(os.path.exists(path), f"no statistics written: exit {status}, {err[-500:]}")
        with open(path) as file:
            return status, out, json.load(file)


def console(text):
    """Console text without what differs by platform, not by guest: OpenSBI's banner and carriage returns."""
    text = text.replace("\r", "")
    mark = text.find("rvsim hypervisor")
    return text[mark:] if mark >= 0 else text
