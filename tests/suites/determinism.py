"""The same trace hash, whatever watches: runs, tracing, dispatchers, stepping, hostile engines."""
import os
import tempfile
from suites.tools import FIRMWARE, PLAIN, RVSIM, expect, expect_equal, guest, run, stats_of

SMALL = ["-m", "24M"]  # zones' memory is cleared before they run, and none needs much
WORKLOADS = {
    "smp-4": [*SMALL, "-smp", "4", FIRMWARE, f"{guest('smp')},memory=4M"],
    "zones": [*SMALL, "-smp", "3", FIRMWARE, f"{guest('paging')},name=a,memory=4M", f"{guest('mmio')},name=b,memory=4M",
              f"{guest('timer')},name=c,memory=4M"],
    "rogue": [*SMALL, "-smp", "2", FIRMWARE, f"{guest('rogue')},memory=4M"],
    "timed": ["--cpu", "u74", *SMALL, "-smp", "2", FIRMWARE, f"{guest('smp')},memory=4M"],
    "timed-later": ["--cpu", "cva6", "--timing", "from=_guest_exit", *SMALL, "-smp", "2", FIRMWARE, f"{guest('paging')},memory=4M"],
    "reset": ["-smp", "4", "build/board/reset.elf"],
    "reset-in-guest": ["-smp", "2", "build/board/world.elf"],
}
# Untimed workloads on a core too: each on another, that is enough.
OTHER_CORE = {"smp-4": ["--cpu", "cva6"], "reset": ["--cpu", "cva6"], "reset-in-guest": ["--cpu", "rocket"], "zones": ["--cpu", "u74"], "rogue": ["--cpu", "rocket"]}


def result(binary, *options, workload):
    """What must be equal: everything in the statistics but host time, and the console."""
    status, out, stats = stats_of([binary, *options, *WORKLOADS[workload]], 300)
    for key in ("host_seconds", "mips"):
        stats.pop(key)
    return status, out, stats


def same_everything(workload):
    """Runs, builds and tracing change nothing at all."""
    wanted = result(RVSIM, workload=workload)
    expect_equal(result(RVSIM, workload=workload), wanted, "a second run")
    expect_equal(result(PLAIN, workload=workload), wanted, "the plain loop")
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "t")
        expect_equal(result(RVSIM, "--trace", trace, workload=workload), wanted, "default tracing")
        expect_equal(result(RVSIM, "--trace", f"{trace},events=all", workload=workload), wanted, "tracing everything")
    checks = ("percpu," if FIRMWARE in WORKLOADS[workload] else "") + "worldswitch,isolation"
    checked = result(RVSIM, "--check", checks, workload=workload)
    expect_equal(architecture(checked), architecture(wanted), "checking")


def architecture(value):
    """All but what the engine did to run the program, and what the configuration says of that."""
    status, out, stats = value
    config = {key: value for key, value in stats["config"].items() if key not in ("command", "set", "tlb_entries", "max_insns")}
    harts = [{key: value for key, value in hart.items() if key != "engine"} for hart in stats["harts"]]
    return status, out, {**stats, "config": config, "harts": harts}


def quantum_one(workload):
    """Harts that get ahead of each other end where strict turns do, which is how a limit of instructions is obeyed."""
    for cpu in ("ideal", "cva6", "rocket"):
        options = ["--quantum", "1", "--cpu", cpu]
        first = result(RVSIM, *options, workload=workload)
        expect_equal(result(PLAIN, *options, workload=workload), first, f"{cpu}, quantum 1, the plain loop")
        strict = result(RVSIM, *options, "--max-insns", "1000000000000", workload=workload)
        expect_equal(architecture(strict), architecture(first), f"{cpu}, quantum 1, strict turns")


def engine_settings(workload):
    """What hostile engines do is the same: hash, cycles, and what a core's TLBs, caches and predictors did."""
    for cpu in ([], OTHER_CORE[workload]) if workload in OTHER_CORE else ([],):
        wanted = architecture(result(RVSIM, *cpu, workload=workload))
        for setting in ("engine.block_ops=1", "engine.block_ops=3", "engine.flush_always=yes", "tlb.entries=1"):
            expect_equal(architecture(result(RVSIM, *cpu, "--set", setting, workload=workload)), wanted, f"{' '.join(cpu)} {setting}")


def stepping(workload):
    """Under the debugger, stepping all harts and then continuing past breakpoints."""
    wanted = result(RVSIM, workload=workload)[2]["trace_hash"]
    script = "step 50000 hart all\n-break percpu_run_vm\ncontinue\ncontinue 20000\nstep world\ninfo regs\ndelete\ncontinue\nquit\n"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s.json")
        commands = os.path.join(folder, "commands")
        with open(commands, "w") as file:
            file.write(script)
        _, _, err = run([RVSIM, "--stats", path, "--debug-cmd", commands, *WORKLOADS[workload]], 300)
        expect(os.path.exists(path), f"no statistics: {err[-500:]}")
        with open(path) as file:
            text = file.read()
    expect(str(wanted) in text, f"stepping gave another hash than {wanted}: {err[-500:]}")


def console_same_for_all_harts(name):
    outs = {run([RVSIM, "-smp", str(harts), FIRMWARE, guest(name)])[1].split("\n", 1)[1] for harts in (1, 2, 4, 8)}
    expect_equal(len(outs), 1, f"different texts of {name}")


def cases():
    for workload in WORKLOADS:
        yield f"same-{workload}", lambda workload=workload: same_everything(workload)
        yield f"quantum-1-{workload}", lambda workload=workload: quantum_one(workload)
        yield f"engine-{workload}", lambda workload=workload: engine_settings(workload)
        yield f"stepping-{workload}", lambda workload=workload: stepping(workload)
    for name in ("hello", "smp", "paging"):
        yield f"harts-{name}", lambda name=name: console_same_for_all_harts(name)
