#!/usr/bin/env python3
"""What a Linux boot to DONE costs here and on QEMU: CPU seconds of the process, and memory beyond the guest's own.

    tests/linux/speed.py [RUNS]

Both boot the same files with the same command line, in turns, so that whatever else the host does hits both; the medians of RUNS
(5) and their ratio are printed. rvsim runs with timing off, as QEMU always does. Of memory the most that was seen is told: resident,
less what is resident of the guest's RAM. Time is only told; memory beyond 64 MiB is a failure.
"""
import os
import statistics
import subprocess
import sys
import time

LIMIT = 64 << 20
MEMORY = 512 << 20
FOLDER = "build/linux"
BOOTS = [("6.1", 1, "12"), ("6.1", 4, "12"), ("6.12", 1, "13"), ("6.12", 4, "13")]
MACHINES = {"rvsim": ["build/rvsim", "--timing", "off"], "qemu": ["qemu-system-riscv64"]}


def beyond_guest(pid):
    """Bytes that are resident, less those of the largest mapping of at least the guest's RAM; None when the process has ended."""
    try:
        with open(f"/proc/{pid}/smaps") as file:
            lines = [line.split() for line in file]
    except OSError:
        return None
    size, total, guest = 0, 0, 0
    for words in lines:
        if words[0] == "Size:":
            size = int(words[1]) << 10
        elif words[0] == "Rss:":
            total += int(words[1]) << 10
            if MEMORY <= size < MEMORY + (64 << 20):
                guest = max(guest, int(words[1]) << 10)
    return total - guest if total else None


def boot(machine, harts, folder):
    """(CPU seconds, bytes beyond the guest's) of one boot."""
    command = [*MACHINES[machine], "-M", "virt", "-cpu", "rv64", "-m", f"{MEMORY >> 20}M", "-smp", str(harts), "-nographic",
               "-bios", f"{FOLDER}/13/fw_jump.bin", "-kernel", f"{FOLDER}/{folder}/Image", "-initrd", f"{FOLDER}/initrd",
               "-append", "console=ttyS0"]
    with open(f"{FOLDER}/speed.log", "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    most = 0
    while True:
        # Before it is waited for, so that there is always something to look at.
        most = max(most, beyond_guest(process.pid) or 0)
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.05)
    with open(f"{FOLDER}/speed.log", "rb") as log:
        if status or b"DONE" not in log.read():
            sys.exit(f"{' '.join(command)}: status {status}, see {FOLDER}/speed.log")
    return usage.ru_utime + usage.ru_stime, most


def main():
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    too_much = False
    print(f"{'kernel':7} {'harts':>5} {'rvsim':>9} {'qemu':>9} {'ratio':>6}   memory beyond the guest's, MiB")
    for kernel, harts, folder in BOOTS:
        seen = {machine: [] for machine in MACHINES}
        for _ in range(runs):
            for machine in MACHINES:
                seen[machine].append(boot(machine, harts, folder))
        seconds = {machine: statistics.median(run[0] for run in all_runs) for machine, all_runs in seen.items()}
        most = {machine: max(run[1] for run in all_runs) for machine, all_runs in seen.items()}
        print(f"{kernel:7} {harts:5} {seconds['rvsim']:7.2f} s {seconds['qemu']:7.2f} s {seconds['rvsim'] / seconds['qemu']:6.2f}"
              f"   rvsim {most['rvsim'] / 2**20:.1f}, qemu {most['qemu'] / 2**20:.1f}", flush=True)
        too_much = too_much or most["rvsim"] > LIMIT
    if too_much:
        sys.exit(f"more than {LIMIT >> 20} MiB")


if __name__ == "__main__":
    main()
