"""What VM exits spend their cycles on: the split of every exit adds up, --stats and rvtrace stat say the same, hostile
settings change nothing, what a one-purpose hypervisor (tests/switch) does at its exits shows where it belongs, and
docs/world-switch.md is true."""
import json
import os
import tempfile
from switch import measure
from suites.tools import FIRMWARE, PLAIN, RVSIM, RVTRACE, expect, expect_equal, guest, run, stats_of

PRESETS = {"ideal": ["--cpu", "ideal"], "cva6": ["--cpu", "cva6"], "rocket": ["--cpu", "rocket"], "u74": ["--cpu", "u74"],
           "off": ["--cpu", "cva6", "--timing", "off"]}
PARTS = ["trap", "switch", "handler", "icache", "dcache", "device", "walk_vs", "walk_g", "branch", "fence", "wait"]
SMALL = ["-m", "24M"]  # zones' memory is cleared before they run, and none needs much
WORKLOADS = {
    "smp": [*SMALL, "-smp", "2", FIRMWARE, guest("smp")],
    "zones": [*SMALL, "-smp", "3", FIRMWARE, f"{guest('paging')},name=a", f"{guest('mmio')},name=b",
              f"{guest('timer')},name=c"],
    "rogue": [*SMALL, "-smp", "2", FIRMWARE, guest("rogue")],
    "shared-hart": [*SMALL, "-smp", "1", FIRMWARE, f"{guest('hello')},name=a", f"{guest('timer')},name=b"],
}
HOSTILE = {"one-op": ["--set", "engine.block_ops=1"], "flush": ["--set", "engine.flush_always=yes"],
           "one-entry": ["--set", "tlb.entries=1"]}


def causes(stats):
    """Every row of causes: of all exits and of each zone."""
    for group in [stats["world_switches"], *stats["zones"]]:
        yield from group["causes"]


def check_sums(stats):
    rows = list(causes(stats))
    expect(rows, "no exits")
    for row in rows:
        expect_equal(list(row["split"]), PARTS, "parts")
        expect_equal(sum(row["split"].values()), row["total"], f"split of all exits by {row['cause']}")
        for quantile, parts in row["split_at"].items():
            expect_equal(sum(parts.values()), row[quantile], f"split of the {quantile} exit by {row['cause']}")
        expect(len(row["split_at"]) == 4 or not row["total"], f"quantiles of {row['cause']}: {row['split_at']}")
        expect_equal(sum(symbol["cycles"] for symbol in row["symbols"]), row["split"]["switch"] + row["split"]["handler"],
                     f"functions of {row['cause']}")
        expect(all(symbol["symbol"] for symbol in row["symbols"]), f"cycles of no function: {row['symbols']}")


def each_exit(stats, path):
    """The durations in the trace, one by one: what the statistics are about."""
    status, out, err = run([RVTRACE, "dump", "--type=world", path])
    expect_equal(status, 0, err)
    total, since = 0, {}
    for line in out.splitlines():
        words = line.split()
        cycle, hart, mode = int(words[0]), words[1], words[2]
        source = next(word[5:] for word in words if word.startswith("from="))
        if source[0] == "V" and mode[0] != "V":
            since[hart] = cycle
        elif mode[0] == "V" and source[0] != "V" and hart in since:
            total += cycle - since.pop(hart)
    expect_equal(sum(row["total"] for row in stats["world_switches"]["causes"]), total, "all exits of the trace")


def same_in_trace(preset, workload):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace")
        _, _, stats = stats_of([RVSIM, "--trace", path, *PRESETS[preset], *WORKLOADS[workload]], 300)
        check_sums(stats)
        each_exit(stats, path)
        status, out, err = run([RVTRACE, "stat", "--json", path])
        expect_equal(status, 0, err)
        traced = json.loads(out)
        for key in ("world_switches", "zones", "trace_hash"):
            expect_equal(traced[key], stats[key], f"rvtrace stat: {key}")
        status, out, err = run([RVTRACE, "stat", path])
        expect_equal(status, 0, err)
    check_text(out, stats["world_switches"]["causes"])


def check_text(text, rows):
    """The table for people has the same numbers."""
    table = text.split("cycles of exits, by what they went to", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    shown = {line[:40].strip(): [int(word) for word in line[40:].split()] for line in table}
    wanted = {row["cause"]: [row["total"], *row["split"].values()] for row in rows if row["total"]}
    expect_equal(shown, wanted, "rvtrace stat's table")


def hostile(preset, setting):
    """The engine's ways are no business of the split's. (Several harts that share a second level are:
    docs/accuracy.md.)"""
    for workload in ("smp", "rogue") if preset in ("ideal", "cva6") else ("shared-hart",):
        command = [*PRESETS[preset], *WORKLOADS[workload]]
        wanted = stats_of([RVSIM, *command], 300)[2]
        got = stats_of([RVSIM, *HOSTILE[setting], *command], 300)[2]
        for key in ("world_switches", "zones", "trace_hash"):
            expect_equal(got[key], wanted[key], f"{workload}: {key}")


def plain(preset):
    for workload in WORKLOADS:
        wanted = stats_of([RVSIM, *PRESETS[preset], *WORKLOADS[workload]], 300)[2]
        got = stats_of([PLAIN, *PRESETS[preset], *WORKLOADS[workload]], 300)[2]
        expect_equal(got["world_switches"], wanted["world_switches"], f"{workload}: the plain loop")


def quantum_one(preset):
    for workload in ("smp", "zones"):
        check_sums(stats_of([RVSIM, "--quantum", "1", *PRESETS[preset], *WORKLOADS[workload]], 300)[2])


def unwatched(preset):
    """A run that nobody asks for splits has the same events and ends in the same state as one that has them made."""
    with tempfile.TemporaryDirectory() as folder:
        watched, alone = os.path.join(folder, "watched"), os.path.join(folder, "alone")
        command = [*PRESETS[preset], *WORKLOADS["zones"]]
        stats_of([RVSIM, "--trace", f"{watched},events=console", *command], 300)
        run([RVSIM, "--trace", f"{alone},events=console", *command], 300)
        status, out, err = run([RVTRACE, "diff", watched, alone])
        expect_equal(status, 0, out + err)
        status, _, err = run([RVTRACE, "stat", alone])
        expect(status == 2 and "no world events" in err, f"a trace without world events: {status} {err}")


# ---- one-purpose hypervisors ----

def variant(name, preset, settings=()):
    options = [word for setting in settings for word in ("--set", setting)]
    stats = stats_of([RVSIM, "--max-cycles", "100000000", *PRESETS[preset], *options, f"build/switch/{name}.elf"])[2]
    check_sums(stats)
    row = stats["world_switches"]["causes"][0]
    expect_equal((row["cause"], row["count"]), ("ecall from VS-mode", 201), "exits")
    return row["split_at"]["median"], {symbol["symbol"]: symbol["cycles"] for symbol in row["symbols"]}


# What the variant adds, a part of the median exit, and at least how many cycles on any preset with a pipeline.
SHOWS = [("FENCE", "fence", 5), ("DCACHE", "dcache", 8 * 15), ("ICACHE", "icache", 1000), ("BRANCH", "branch", 20),
         ("WALK", "walk_vs", 2), ("WALK", "walk_g", 2), ("WALK", "fence", 5), ("WAIT", "wait", 500), ("TRAP", "trap", 3)]


def shows(preset):
    base, _ = variant("PLAIN", preset)
    expect_equal([base[part] for part in ("dcache", "walk_vs", "walk_g", "fence", "wait")], [0] * 5, "a plain exit")
    for name, part, least in SHOWS:
        parts, _ = variant(name, preset)
        expect(parts[part] >= base[part] + least, f"{name} has {parts[part]} cycles of {part}, a plain exit {base[part]}")
        absent = {"dcache", "walk_vs", "walk_g", "fence", "wait"} - {part for other, part, _ in SHOWS if other == name}
        if name != "WAIT": # reads its clock from a device
            expect_equal({key for key in absent if parts[key]}, set(), f"{name}: parts that nothing caused")


def functions(preset):
    """100 rounds of a loop of two instructions, in a function of their own."""
    _, base = variant("PLAIN", preset)
    _, symbols = variant("CALL", preset)
    expect("work" not in base, f"work in {base}")
    expect(symbols["work"] >= 200 * 100, f"work took {symbols['work']}")
    expect(abs(symbols["vector"] - base["vector"]) <= 400, f"the vector took {symbols['vector']}, and {base['vector']} without work")


def parameters():
    """A parameter of the core moves its own part, by as much as it says, and no other."""
    def change(name, setting, other):
        (before, _), (after, _) = variant(name, "cva6", [setting]), variant(name, "cva6", [other])
        return {part: after[part] - before[part] for part in PARTS if after[part] != before[part]}

    # Eight loads that miss, one after the other. Wrong paths after traps miss in the instruction cache, or there are
    # none.
    quiet = change("DCACHE", "dram.latency=20", "dram.latency=60")
    quiet.pop("icache", None)
    expect_equal(quiet, {"dcache": 8 * 40}, "slower memory under loads")
    held = change("WALK", "fence.holds_walks=0", "fence.holds_walks=256")
    expect(set(held) <= {"fence", "icache"} and 240 <= held["fence"] <= 256, f"walks held up by a fence a few cycles before: {held}")
    expect_equal(change("WALK", "walk.pte=3", "walk.pte=13"), {"walk_vs": 10, "walk_g": 20}, "slower PTE reads: one and two")
    # The median exit may be another one then: functions tell of all.
    (before, steady), (after, forgetful) = [variant("BRANCH", "cva6", [f"trap.clears_predictors={value}"]) for value in (0, 1)]
    expect_equal(forgetful, steady, "instructions with predictors that forget")
    expect(after["branch"] > before["branch"], f"predictors that forget: {before}, {after}")


def by_hand():
    """Without a pipeline the numbers are those of instructions: 7 in the vector, 1 in the handler, and the trap's
    cycle."""
    for preset in ("ideal", "off"):
        parts, symbols = variant("PLAIN", preset)
        expect_equal(parts, dict.fromkeys(PARTS, 0) | {"trap": 1, "switch": 7, "handler": 1}, "a plain exit")
        expect_equal(symbols, {"vector": 200 * 7, "handler": 200}, "functions")
        parts, symbols = variant("CALL", preset)
        expect_equal(symbols["work"], 200 * (1 + 2 * 100 + 1), "work")
        for name in ("FENCE", "DCACHE", "ICACHE", "BRANCH", "WALK"):
            parts, _ = variant(name, preset)
            expect_equal({key for key in parts if parts[key]}, {"trap", "switch", "handler"}, name)


def document(preset):
    wrong = measure.differences(preset)
    expect(not wrong, f"{measure.DOCUMENT} is not what is measured (make world-switch writes it):\n" + "\n".join(wrong[:20]))


def cases():
    for preset in PRESETS:
        for workload in WORKLOADS:
            yield f"{preset}-{workload}", lambda preset=preset, workload=workload: same_in_trace(preset, workload)
        yield f"{preset}-quantum-1", lambda preset=preset: quantum_one(preset)
        yield f"{preset}-unwatched", lambda preset=preset: unwatched(preset)
    for preset in ("ideal", "cva6", "rocket", "u74"):
        yield f"{preset}-plain", lambda preset=preset: plain(preset)
        for setting in HOSTILE:
            yield f"{preset}-{setting}", lambda preset=preset, setting=setting: hostile(preset, setting)
    for preset in ("cva6", "rocket", "u74"):
        yield f"{preset}-shows", lambda preset=preset: shows(preset)
    for preset in PRESETS:
        yield f"{preset}-functions", lambda preset=preset: functions(preset)
    yield "by-hand", by_hand
    yield "parameters", parameters
    for preset in measure.PRESETS:
        yield f"document-{preset}", lambda preset=preset: document(preset)
