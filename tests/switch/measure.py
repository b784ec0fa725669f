#!/usr/bin/env python3
"""What VM exits cost under our hypervisor: measures the tables of docs/world-switch.md.

    tests/switch/measure.py --write [PRESET...]   put them into the document (make world-switch)
    tests/switch/measure.py --check [PRESET...]   exit 1 if the document says something else
"""
import json
import os
import re
import subprocess
import sys
import tempfile

DOCUMENT = "docs/world-switch.md"
PRESETS = ["cva6", "rocket", "u74"]
HYPERCALL, VIRTUAL = "ecall from VS-mode", "virtual instruction"
# What happens, the guest's argument, options, the exit's cause.
ROWS = [
    ("hypercall: SBI version", "hypercall", [], HYPERCALL),
    ("hypercall: set_timer, Sstc", "set_timer", [], HYPERCALL),
    ("hypercall: set_timer, no Sstc", "set_timer", ["--isa", "-sstc"], HYPERCALL),
    ("hypercall: IPI to a vCPU on another hart", "ipi", [], HYPERCALL),
    ("IPI arrives, machine level", "ipi", [], "machine software interrupt"),
    ("IPI arrives, supervisor level", "ipi", [], "supervisor software interrupt"),
    ("timer without Sstc, machine level", "tick", ["--isa", "-sstc"], "machine timer interrupt"),
    ("timer without Sstc, supervisor level", "tick", ["--isa", "-sstc"], "supervisor timer interrupt"),
    ("external interrupt: console input", "listen", [], "supervisor external interrupt"),
    ("guest-page fault: UART load emulated", "mmio", [], "load guest-page fault"),
    ("guest-page fault: UART load, htinst 0", "mmio", ["--set", "tinst=zero"], "load guest-page fault"),
    ("the same, guest in Sv39, TLB cold", "scatter", ["--set", "tinst=zero"], "load guest-page fault"),
    ("guest-page fault: UART store emulated", "mmio", [], "store/AMO guest-page fault"),
    ("wfi, an interrupt is pending", "pending", [], VIRTUAL),
    ("wfi, 20 µs", "wait", [], VIRTUAL),
    ("instruction refused, trap reflected", "reflect", [], VIRTUAL),
]
DETAILS = ["hypercall: SBI version", "guest-page fault: UART load emulated", "wfi, an interrupt is pending"]
TITLES = {"trap": "trap", "switch": "switch", "handler": "handler", "icache": "I-cache", "dcache": "D-cache", "device": "device", "walk_vs": "VS walk",
          "walk_g": "G walk", "branch": "branch", "fence": "fence", "wait": "wait"}
QUANTILES = ["min", "median", "p99", "max"]
RVSIM, FIRMWARE, GUEST = "build/rvsim", "build/firmware.elf", "build/switch/exits.elf"


def statistics(preset, argument, options):
    with tempfile.TemporaryDirectory() as folder:
        path, keys = os.path.join(folder, "stats.json"), os.path.join(folder, "keys")
        with open(keys, "w") as file:
            file.write("x" * 200 if argument == "listen" else "")
        with open(keys) as file:
            result = subprocess.run([RVSIM, "--quiet", "--cpu", preset, "-smp", "2", *options, "--stats", path, FIRMWARE,
                                     f"{GUEST},args={argument}"], stdin=file, capture_output=True, text=True, timeout=300)
        if result.returncode or "exits: pass" not in result.stdout:
            raise AssertionError(f"{preset} {argument}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        with open(path) as file:
            return json.load(file)["world_switches"]["causes"]


def measure(preset):
    """Row title -> the cause's row of the statistics."""
    runs, rows = {}, {}
    for title, argument, options, cause in ROWS:
        key = (argument, *options)
        if key not in runs:
            runs[key] = {row["cause"]: row for row in statistics(preset, argument, options)}
        rows[title] = runs[key][cause]
    return rows


def table_line(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def costs(rows):
    """Quantiles, and the split of the median exit: a line's parts add up to its median."""
    lines = [table_line(["exit", "count", *QUANTILES, *TITLES.values()]), table_line(["---"] + ["---:"] * (5 + len(TITLES)))]
    for title, row in rows.items():
        parts = row["split_at"]["median"]
        assert sum(parts.values()) == row["median"] and sum(row["split"].values()) == row["total"], title
        lines.append(table_line([title, row["count"], *(row[key] for key in QUANTILES), *(parts[key] or "" for key in TITLES)]))
    return lines


def functions(rows):
    """Cycles of instructions an exit, by function, on average over all exits."""
    lines = [table_line(DETAILS), table_line(["---"] * len(DETAILS))]
    columns = []
    for title in DETAILS:
        row = rows[title]
        columns.append([f"`{symbol['symbol']}` {symbol['cycles'] / row['count']:.1f}" for symbol in row["symbols"][:12]])
    for i in range(max(map(len, columns))):
        lines.append(table_line([column[i] if i < len(column) else "" for column in columns]))
    return lines


def blocks(preset):
    rows = measure(preset)
    result = {preset: costs(rows)}
    if preset == PRESETS[0]:
        result[f"{preset} functions"] = functions(rows)
    return result


def pattern(name):
    return re.compile(rf"(<!-- measured: {re.escape(name)} -->\n).*?(<!-- end -->)", re.S)


def put(text, name, lines):
    expression = pattern(name)
    assert expression.search(text), f"{DOCUMENT} has no place for {name}"
    return expression.sub(lambda match: match[1] + "\n".join(lines) + "\n" + match[2], text)


def differences(preset):
    """Lines that the document has, and those it should have."""
    with open(DOCUMENT) as file:
        text = file.read()
    wrong = []
    for name, lines in blocks(preset).items():
        written = pattern(name).search(text)
        said = written[0].splitlines()[1:-1] if written else []
        wrong += [f"document: {line}" for line in said if line not in lines] + [f"measured: {line}" for line in lines if line not in said]
    return wrong


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    if len(sys.argv) < 2 or sys.argv[1] not in ("--write", "--check"):
        sys.exit(__doc__)
    for preset in sys.argv[2:] or PRESETS:
        if sys.argv[1] == "--check":
            wrong = differences(preset)
            if wrong:
                sys.exit("\n".join(wrong))
            continue
        for name, lines in blocks(preset).items():
            print(f"--cpu {name}", *lines, sep="\n")
            with open(DOCUMENT) as file:
                text = file.read()
            with open(DOCUMENT, "w") as file:
                file.write(put(text, name, lines))


if __name__ == "__main__":
    main()
