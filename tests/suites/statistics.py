"""--stats: every number is defined, and is what its definition says; config tells runs apart, and is enough to make one again."""
import json
import os
import re
import shutil
import tempfile
from suites.tools import FIRMWARE, RVSIM, RVTRACE, expect, expect_equal, guest, run, stats_of

HELLO = [FIRMWARE, guest("hello")]


def table():
    status, out, err = run([RVSIM, "--stats", "help"])
    expect_equal((status, err), (0, ""), "--stats help")
    return out


def documented():
    with open("docs/statistics.md") as file:
        expect(table() in file.read(), "docs/statistics.md is not what --stats help says")


def leaves(value, path=""):
    """Paths of all numbers and texts, as the table writes them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path + "[]")
    else:
        yield path


def general(path):
    path = re.sub(r"\.modes\.\w+", ".modes.MODE", path)
    path = re.sub(r"\.set\..*", ".set.PARAM", path)
    path = re.sub(r"\.split_at\..*", ".split_at.WHICH.PART", path)
    return re.sub(r"^zones\[\]\.causes\[\].*", "zones[].causes[]", path)


def every_number():
    """The table has each of a run's numbers, and no other."""
    status, _, stats = stats_of([RVSIM, "--cpu", "u74", FIRMWARE, guest("timer")])
    expect_equal(status, 0, "the run")
    defined = re.findall(r"^\| `(.*?)` \|", table(), re.M)
    found = {general(path) for path in leaves(stats)}
    expect_equal(sorted(found ^ set(defined)), [], "numbers on one side only")
    expect_equal(len(defined), len(set(defined)), "definitions, each once")
    for line in table().splitlines()[2:]:
        columns = [column.strip() for column in line.strip("|").split(" | ")]
        expect(len(columns) == 5 and columns[4], line)
        if re.search(r"\.(tlb|cache|stalls)\.", line):
            expect(all(columns), f"no unit, level or owner: {line}")


def by_events(cpu):
    """TLBs by the trace: fills of a unit are its misses but for those that ended in a fault, and the PTEs that were read for them are
    the walks'."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "t")
        status, _, stats = stats_of([RVSIM, "--cpu", cpu, "--trace", f"{trace},events=tlb,trap", FIRMWARE, guest("paging")])
        expect_equal(status, 0, "the run")
        lines = run([RVTRACE, "dump", "--type=tlb,trap", trace])[1].splitlines()
    counts, fills = stats["harts"][0]["tlb"], [line for line in lines if "what=fill" in line]
    faults = {unit: sum(bool(re.search(f'cause="{kind}.*page fault"', line)) for line in lines)
              for unit, kind in (("itlb", "instruction"), ("dtlb", "(load|store)"))}
    units = {unit: [line for line in fills if f"unit={unit} " in line] for unit in ("itlb", "dtlb", "l2tlb")}
    for unit in faults:
        missed = counts[f"{unit}_misses"] - len(units[unit])
        expect(0 <= missed <= faults[unit], f"{unit}: {len(units[unit])} fills, {faults[unit]} faults, {counts}")
    expect(faults["dtlb"] > 100 and units["itlb"] and units["dtlb"], "too little happened")
    beyond = len(units["itlb"]) + len(units["dtlb"]) - len(units["l2tlb"]) if units["l2tlb"] else 0
    expect_equal(beyond, counts["l2tlb_hits"], "hits of the second level")
    walked = units["l2tlb"] or units["itlb"] + units["dtlb"]
    for stage in ("first", "second"):
        reads = sum(int(read) for line in walked for read in re.findall(rf"reads_{stage}=(\d+)", line))
        missing = counts[f"pte_reads_{stage}"] - reads
        expect(0 <= missing <= 12 * sum(faults.values()) and reads > 0, f"PTE reads of the {stage} stage: {reads} by events, {counts}")


# ---- config ----

COMBINATIONS = {
    "plain": HELLO,
    "guests": ["-smp", "2", FIRMWARE, guest("smp") + ",name=a b,vcpus=2,memory=8M,cpus=0-1,args=one,, two 'x'", guest("hello") + ",memory=4M"],
    "options": ["-smp", "2", "-m", "256M", "--seed", "7", "--quantum", "77", "--isa", "-sstc,-sv48", "--max-insns", "900000", *HELLO],
    "timing": ["--cpu", "cva6", "--set", "dram.latency=60", "--set=l1d.ways=4", *HELLO],
    "timing-from": ["--cpu", "rocket", "--timing", "from=hypervisor_entry", *HELLO],
    "timing-off": ["--cpu", "u74", "--timing", "off", *HELLO],
    "choices": ["--set", "tinst=zero", "--set", "tval2=zero", "--set", "ad=fault", "--set", "vmid.bits=0", "--set", "misaligned=traps",
                "--set", "machine.cycles_per_tick=3", *HELLO],
    "qemu": ["-M", "virt", "-nographic", "-cpu", "rv64,h=true,sstc=off", "-smp", "2", "-m", "512M", "-bios", FIRMWARE, "-device",
             f"guest-loader,addr=0x90000000,kernel={guest('hello')},bootargs=x y"],
    "check": ["--check", "all", "--timeout", "300", "-serial", "null", *HELLO],
    "expect": ["--expect", "hello", *HELLO],
    "mixed-order": [FIRMWARE, "--seed=3", guest("hello"), "-smp=2"],
    "any-bytes": ["-append", "\udcff\udc80é\t\"€", *HELLO, guest("smp") + ",args=\udcc3("],
    "debug-cmd": ["--debug-cmd", "continue 1000; step 3; continue 500000; quit", *HELLO],
}


def config_of(*command):
    """(config and trace hash of --stats, config and trace hash of the trace)."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "t")
        _, _, stats = stats_of([RVSIM, "--trace", trace, "--quiet", *command])
        status, out, err = run([RVTRACE, "info", trace])
        expect_equal(status, 0, err)
    info = json.loads(out[out.index("{"):])
    expect_equal(info["config"], stats["config"], "config of the trace and of --stats")
    expect(stats["trace_hash"] in out, "the trace has another hash")
    return stats["config"], stats["trace_hash"]


def repeats(command):
    config, trace_hash = config_of(*command)
    again, hash_again = config_of(*config["command"])
    expect_equal(hash_again, trace_hash, f"trace hash of {config['command']}")
    expect_equal(again, config, "its own config")
    for value in command:
        parts = [value, "--" + value.lstrip("-"), value.split("=", 1)[-1]]
        expect(any(part in config["command"] for part in parts), f"{value} is not in {config['command']}")
    return config


def every_parameter():
    """config.set has every parameter, as --set takes it: all of them given again are the same run."""
    for command in (["--cpu", "cva6", "--isa", "+smrnmi", "--set", "ad=hardware", "--set", "endian=little", *HELLO], COMBINATIONS["choices"]):
        config, trace_hash = config_of(*command)
        given = [word for name, value in config["set"].items() for word in ("--set", f"{name}={value}")]
        again, hash_again = config_of(*command[:-len(HELLO)], *given, *HELLO)
        expect_equal((again["set"], hash_again), (config["set"], trace_hash), f"{command} with all parameters given")


def repeats_files():
    """A preset, a device tree, a script and recorded input that are files of the user's."""
    with tempfile.TemporaryDirectory() as folder:
        preset, tree, script, record = (os.path.join(folder, name) for name in ("my.cpu", "tree.dtb", "script", "input"))
        shutil.copy("sim/timing/presets/cva6.cpu", preset)
        expect_equal(run([RVSIM, "-dump-dtb", tree, FIRMWARE])[0], 0, "-dump-dtb")
        with open(script, "w") as file:
            file.write("continue 100000\ninfo regs\ncontinue\n")
        expect_equal(run([RVSIM, "--record", record, *HELLO])[0], 0, "--record")
        for command in (["--cpu", preset, *HELLO], ["-dtb", tree, FIRMWARE], ["--debug-cmd", script, *HELLO], ["--replay", record, *HELLO]):
            config = repeats(command)
            if os.path.getsize(command[1]):
                expect(command[1] in [file["path"] for file in config["files"]], f"{command[1]} is not among the files: {config['files']}")


def tells_apart():
    """Runs that differ, by anything, have different configs; results that go elsewhere make no difference."""
    seen = {}
    with tempfile.TemporaryDirectory() as folder:
        named = os.path.join(folder, "guest.elf")
        for program in ("hello", "smp"):  # under one name
            shutil.copy(guest(program), named)
            seen[f"content-{program}"] = config_of(FIRMWARE, named)[0]
        first, second = (config_of("--record", os.path.join(folder, name), *HELLO)[0] for name in "ab")
        expect_equal(first, second, "config with another --record")
    for name, command in COMBINATIONS.items():
        seen[name] = config_of(*command)[0]
    texts = [json.dumps(config, sort_keys=True) for config in seen.values()]
    expect_equal(len(set(texts)), len(seen), "different configs")
    content = [json.dumps(seen[f"content-{program}"]["files"]) for program in ("hello", "smp")]
    expect(content[0] != content[1], "two files of one name have one identity")
    expect_equal(seen["content-hello"]["files"][1]["size"], os.path.getsize(guest("hello")), "size of a file")


def engine_counts():
    """What the engine counts of itself, by options that make it do more, and none of which changes the run."""
    bench = ["--cpu", "cva6", "build/bench/short/kernels-M.elf"]
    runs = [stats_of([RVSIM, *options, *bench])[2] for options in ([], ["--set", "engine.block_ops=1"], ["--set", "engine.flush_always=yes"])]
    usual, single, forgetful = (stats["harts"][0]["engine"] for stats in runs)
    hart, instructions = runs[0]["harts"][0], runs[0]["instructions"]
    expect(len({stats["cycles"] for stats in runs}) == 1, "cycles differ")
    expect(usual["wrong_paths_new"] + usual["wrong_paths_changed"] < hart["branch"]["mispredicts"], f"{usual} {hart['branch']}")
    expect(0 < usual["blocks_settled"] <= usual["blocks_left"] < instructions / 20, f"{usual} of {instructions}")
    expect(0 < usual["translations"] < 1000, f"{usual}")
    expect(single["translations"] > usual["translations"], f"{single} {usual}")
    expect(usual["blocks_left"] < forgetful["blocks_left"] <= forgetful["translations"], f"each block anew: {forgetful}")
    expect(forgetful["blocks_left"] <= forgetful["flushes"], f"{forgetful}")
    expect_equal(forgetful["wrong_paths_new"], hart["branch"]["mispredicts"], "nothing is known of any misprediction")
    off = stats_of([RVSIM, "--timing", "off", *bench[2:]])[2]["harts"][0]["engine"]
    expect_equal([off[key] for key in ("blocks_settled", "wrong_paths_new", "wrong_paths_changed")], [0, 0, 0], "without a model")


def cases():
    yield "documented", documented
    yield "engine", engine_counts
    yield "every-number", every_number
    for cpu in ("cva6", "rocket", "u74"):
        yield f"tlb-{cpu}", lambda cpu=cpu: by_events(cpu)
    for name, command in COMBINATIONS.items():
        yield f"config-{name}", lambda command=command: repeats(command)
    yield "config-files", repeats_files
    yield "config-parameters", every_parameter
    yield "config-tells-apart", tells_apart
