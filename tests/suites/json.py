"""The debugger's answers as JSON: one line a command, read by Python's json, and what they say is what the text and --stats say."""
import json
import os
import re
import tempfile
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run, stats_of

HELLO = [FIRMWARE, guest("hello")]
MACHINES = {
    "1 hart": ["-smp", "1", FIRMWARE],
    "4 harts": ["-smp", "4", "--cpu", "cva6", FIRMWARE],
    "1 hart and a guest": ["-smp", "1", "--cpu", "rocket", FIRMWARE, guest("paging")],
    "4 harts and guests": ["-smp", "4", "--cpu", "u74", FIRMWARE, guest("smp"), guest("paging")],
}
TOPICS = {"registers", "fregs", "csr", "harts", "breakpoints", "percpu", "zones", "vcpus", "switch", "tp", "gstage", "pt", "cache", "tlb", "irq", "mem", "mtree",
          "checkpoints", "stats", "status", "line", "source", "symbol", "locals", "args", "frame"}
LATE = "continue 3000000"
# What a topic may have nothing to say of, in words that its text has, too.
MAY_FAIL = {"locals", "args", "cache", "switch", "source", "line", "symbol"}


def exact(text):
    number = int(text)
    expect(abs(number) < 1 << 53, f"{text} is a number that readers round")
    return number


def no_constant(text):
    raise AssertionError(f"{text} is no JSON")


def once(pairs):
    keys = [key for key, _ in pairs]
    expect_equal(sorted(keys), sorted(set(keys)), "keys of an object")
    return dict(pairs)


def parse(line):
    return json.loads(line, parse_int=exact, parse_constant=no_constant, object_pairs_hook=once)


def lines_of(script, program=HELLO, status=0):
    """What the debugger says, with a mark behind what each command said: a list of lines for each."""
    marked = [line for command in script for line in (command, "echo ====")]
    got, _, err = run([RVSIM, "--debug-cmd", "\n".join(marked), *program], 300)
    expect_equal(got, status, f"exit status of {script}: {err[-2000:]}")
    said = [part.splitlines() for part in err.split("====\n")]
    return said[:len(script)]


def answers(script, program=HELLO, status=0):
    """Every command's answer is one line of JSON, its text without -json what there was."""
    texts = []
    for command, lines in zip(script, lines_of(script, program, status)):
        if "-json" in command:
            expect_equal(len(lines), 1, f"lines that `{command}' says: {lines}")
            texts.append(parse(lines[0]))
        else:
            texts.append(lines)
    return texts


def answers_at(stop, script, program, status=0):
    stops = stop.split("\n")
    return answers(stops + script, program, status)[len(stops):]


def number(text):
    expect(re.fullmatch("0x[0-9a-f]{16}", text), f"{text} is not as long as it should be")
    return int(text, 16)


def topics():
    (listed,) = answers(["info -json"])
    names = [row["topic"] for row in listed["topics"]]
    expect(TOPICS <= set(names), f"missing: {TOPICS - set(names)}")
    return names


def every_topic(program, stop):
    """In the text's words if it fails, and otherwise with the names of who answers."""
    names = topics()
    script = stop.split("\n")
    stops = len(script)
    for name in names:
        argument = " $pc" if name == "symbol" else ""
        script += [f"-info {name}{argument}", f"-info {name}{argument} -json", f"-info -json {name}{argument}"]
    ends = stop == LATE and "build/guests" not in " ".join(program)  # without a guest the firmware has nothing to do
    said = answers(script, program, 1 if ends else 0)
    for i, name in enumerate(names):
        text, answer, again = said[stops + 3 * i:stops + 3 * i + 3]
        expect_equal(again, answer, f"info -json {name}")
        expect_equal((answer["command"], answer["hart"]), ("info", 0), name)
        if "error" in answer:
            expect(name in MAY_FAIL, f"{name}: {answer}")
            expect_equal(answer["error"], "\n".join(text), f"why there is no {name}")
        else:
            expect_equal(answer["topic"], name, "topic")
            expect(len(answer) > 3, f"{name} says nothing: {answer}")


def registers():
    regs, text, fregs, ftext, csrs, ctext = answers_at(
        "break sbi_console_write\ncontinue", ["info registers -json", "info registers", "info fregs -json", "info fregs", "info csr -json", "info csr"], HELLO)
    words = " ".join(text).split()
    shown = dict(zip(words[::2], words[1::2]))
    expect_equal({"pc": regs["pc"], **regs["registers"]}, shown, "registers")
    expect_equal(len(regs["registers"]), 32, "how many")
    for name, value in fregs["registers"].items():
        expect(f"{name} " in " ".join(ftext) and value in " ".join(ftext), f"{name} {value}")
    named = {line.split()[1]: line.split()[2] for line in ctext if line.startswith("0x")}
    expect_equal({name: value for name, value in csrs["csrs"].items() if number(value)}, named, "CSRs")
    expect(len(csrs["csrs"]) > len(named) + 50, "CSRs that are 0 are missing")


def one_csr():
    answer, text = answers(["csr mstatus -json", "csr mstatus"])
    expect_equal((answer["csr"], answer["number"]), ("mstatus", 0x300), "csr")
    expect(text[0].endswith(answer["value"]), text[0])
    shown = [re.match(r" *(\d+)\.\.(\d+) +(\S+) +(0x\w+) +(.*)", line).groups() for line in text[1:]]
    told = [(str(field["low"] + field["width"] - 1), str(field["low"]), field["name"], hex(number(field["value"])), field["meaning"]) for field in answer["fields"]]
    expect_equal(told, shown, "fields")


def harts_and_stats():
    """At the run's end all that --stats has is told alike; and asking changed nothing."""
    for harts in ("1", "4"):
        for guests in (["hello"], ["smp", "paging"]):
            program = ["-smp", harts, "--cpu", "cva6", FIRMWARE, *map(guest, guests)]
            script = ["break sbi_console_write", "continue", "delete", *[f"-info {name} -json" for name in sorted(TOPICS - {"symbol"})], "bt full -json", "continue",
                      "info stats -json", "info zones -json", "info harts -json", "info harts", "info status -json"]
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "stats.json")
                said = answers(script, ["--stats", path, *program])
                with open(path) as file:
                    own = json.load(file)
            told, zones, listed, text, status = said[-5:]
            _, _, stats = stats_of([RVSIM, *program])
            for key in ("cycles", "instructions", "trace_hash"):
                expect_equal(told[key], stats[key], key)
            expect_equal(zones["zones"], own["zones"], "zones of the same run")
            expect_equal(told["harts"], listed["harts"], "harts")
            expect_equal(zones["zones"], stats["zones"], "zones")
            expect_equal({zone["zone"] for zone in zones["guests"]}, set(guests), "guests")
            expect_equal(sum(vcpu["exits"] for vcpu in zones["vcpus"]), stats["world_switches"]["exits"], "exits")
            expect_equal(status["state"], "stopped", "state")
            for hart, line, known in zip(listed["harts"], text, stats["harts"]):
                shown = re.match(r"[* ] hart (\d+) +(\S+) +(\S+) +cycle (\d+) +retired (\d+) +pc (0x\w+)(?: <([^+>]+)(?:\+(0x\w+))?>)?", line).groups()
                told_hart = (str(hart["hart"]), hart["mode"], "waiting" if hart["waiting"] else "running", str(hart["cycles"]), str(hart["instructions"]),
                             hex(number(hart["pc"])), hart["symbol"], hart["offset"] and (hex(number(hart["offset"])) if number(hart["offset"]) else None))
                expect_equal(told_hart, shown, "hart")
                expect_equal((hart["hart"], hart["cycles"], hart["instructions"]), (known["hart"], known["cycles"], known["instructions"]), "hart in --stats")


def guests_seen():
    """Zones, vCPUs, tp and switches, as the text has them."""
    vcpus, text, switch, stext, tp, ttext, harts, ztext = answers_at(
        "\n".join(["catch world VS"] + ["continue"] * 12),
        ["info vcpus -json", "info vcpus", "info switch -json", "info switch", "info tp -json", "info tp", "info zones -json", "info zones"],
        ["-smp", "4", FIRMWARE, guest("smp"), guest("paging")])
    expect_equal(len(vcpus["vcpus"]), len(text), "vCPUs")
    for vcpu, line in zip(vcpus["vcpus"], text):
        place = vcpu["at"] if vcpu["inside"] else vcpu["left"]
        for part in (f"zone {vcpu['zone']} (VMID {vcpu['vmid']}) vCPU {hex(number(vcpu['vcpu']))}: ", f"hart {place['hart']} in {place['mode']} at {hex(number(place['pc']))}",
                     f"{vcpu['entries']} entries, {vcpu['exits']} exits"):
            expect(part in line, f"{part} is not in {line}")
        expect(vcpu["inside"] or f"cycle {place['cycle']}: {place['cause']}" in line, line)
    expect(f"left hart {switch['left']['hart']} in VS at {hex(number(switch['left']['pc']))}" in stext[1], stext)
    changes = [line.split() for line in stext if " -> " in line]
    expect_equal([(change["register"], change["left"], change["back"], change["reason"] is None) for change in switch.get("changes", [])],
                 [(words[words[0] == "!"], *[word for word in words if word.startswith("0x")], words[0] == "!") for words in changes], "changes")
    expect("changes" in switch, f"the guest is not back: {switch}")
    for row in tp["written"]:
        line = [line for line in ttext if f" wrote tp = {row['value']} at pc {hex(number(row['pc']))}" in line]
        expect(line and line[0].startswith("* " if row["last"] else "  ") and line[0].endswith(row["whose"]), f"{row}: {ttext}")
    expect_equal(len(tp["written"]), len(ttext) - 1, "who wrote tp")
    expect(f"tp is {hex(number(tp['tp']))}, {tp['whose']}" in ttext[-1], ttext)
    for hart in harts["harts"]:
        line = [line for line in ztext if line.startswith(f"hart {hart['hart']} ")][0]
        expect(hex(number(hart["hgatp"])) in line and line.endswith("in the guest") == hart["inside"], f"{hart}: {line}")
    expect_equal(harts["vcpus"], vcpus["vcpus"], "vCPUs of zones")


def tables():
    """Page tables of both stages, caches and TLBs: every range and every number."""
    stop = "expect Sv39 is on\nstep world\nstep world"
    program = ["--cpu", "cva6", FIRMWARE, guest("paging")]
    for command in ("info pt", "info pt vsatp", "info gstage", "info gstage paging"):
        answer, text = answers_at(stop, [f"{command} -json", command], program)
        tables = answer["tables"] if "gstage" in command else [answer]
        shown = [re.match(r"(0x\w+)\.\.(0x\w+) -> (0x\w+) (\S+)", line).groups() for line in text if ".." in line and " -> " in line]
        told = [(row["va"], f"0x{number(row['va']) + number(row['size']) - 1:016x}", f"0x{number(row['pa']):014x}", row["rights"]) for table in tables for row in table["ranges"]]
        expect_equal(told, shown, command)
        for table in tables:
            expect(table["root"] is None or f"{table['scheme']}" in text[0] and text[0].endswith(hex(number(table["root"]))), f"{table['root']}: {text[0]}")
            expect(table["whole"], "not all was read")
            expect_equal(len(table["twice"]), len([line for line in text if line.startswith("twice: ")]), "twice")
            for row in table["ranges"]:
                sizes = {"4K": 12, "64K": 16, "2M": 21, "1G": 30, "512G": 39, "256T": 48}
                expect_equal(sum(count << sizes[name] for name, count in row["pages"].items()), number(row["size"]), f"pages of {row}")
        expect("vsatp" not in command or told, "nothing is mapped")
    mem, text = answers_at("expect Sv39 is on\nstep world\nstep world", ["info mem -json", "info mem"], program)
    expect_equal([[row["va"][2:], row["pa"][2:], row["size"][2:], row["rights"]] for row in mem["ranges"]], [line.split() for line in text[1:]], "info mem")
    expect(mem["ranges"], "nothing is mapped")
    caches, text, lines, ltext, tlbs, ttext, engine, etext = answers_at(
        stop, ["info cache -json", "info cache", "info cache l1d -json", "info cache l1d", "info tlb -json", "info tlb", "info tlb engine -json", "info tlb engine"], program)
    for cache, line in zip(caches["caches"], text):
        found = re.search(r"(\w+) +\d+ KiB: (\d+) sets of (\d+) ways, lines of (\d+) bytes; (\d+) of \d+ valid(?:, (\d+) dirty)?; (\d+) misses", line).groups()
        expect_equal(tuple(str(cache[key]) if cache[key] is not None else None for key in ("cache", "sets", "ways", "line_bytes", "valid", "dirty", "misses")), found, "cache")
    expect_equal(len(caches["caches"]), len(text), "caches")
    expect_equal([f"set {row['set']:<4} way {row['way']:<2} pa {hex(number(row['pa']))}{' dirty' if row['dirty'] else ''}" for row in lines["caches"][0]["lines"]], ltext[1:], "lines")
    expect_equal(len(ltext) - 1, lines["caches"][0]["valid"], "valid lines")
    entries = [(row["va"], row["shift"]) for tlb in tlbs["tlbs"] for row in tlb["entries"]]
    expect_equal(entries, [(found[0], int(found[1])) for found in (re.search(r"va (0x\w+) 2\^(\d+)", line).groups() for line in ttext if " va " in line)], "TLBs")
    expect(entries, "no TLB entry")
    first = engine["tlbs"][0]
    expect_equal(etext[-1], f"hits {first['tlb_hits']} misses {first['tlb_misses']}, PTE reads S {first['pte_reads_s']} VS {first['pte_reads_vs']} G {first['pte_reads_g']}", "engine")
    expect_equal(len(first["entries"]), len(etext) - 1, "engine's entries")


def traps():
    """why, translate and bt at a guest's call."""
    why, text, fault, ftext, way, wtext, frames, btext, first = answers_at(
        "catch trap 10\ncontinue", ["why -json", "why", "translate 0x3000 w VS -json", "translate 0x3000 w VS", "translate 0x80200000 x VS -json", "translate 0x80200000 x VS",
                                    "bt -json", "bt", "bt 1 -json"], HELLO)
    expect_equal(text[-1], why["explanation"], "explanation")
    expect(text[0].startswith(f"{why['cause']} at {hex(number(why['pc']))} <{why['symbol']}+{hex(number(why['offset']))}> in {why['from']}, cycle {why['cycle']}:"), text[0])
    expect_equal((why["number"], why["from"], why["to"], why["delegated"]), (10, "VS", "HS", True), "route")
    expect_equal((fault["granted"], fault["fault"]["number"], fault["mode"]), (False, 23, "VS"), "fault")
    expect(f"cause 23, tval {hex(number(fault['fault']['tval']))}, htval {hex(number(fault['fault']['tval2']))}" in ftext[-1], ftext)
    expect_equal((way["granted"], way["place"], way["first"]["page_shift"]), (True, "dram", 21), "granted")
    expect(f"-> gpa {hex(number(way['first']['gpa']))} -> pa {hex(number(way['first']['pa']))}, page of 2^21" in wtext[-1], wtext)
    expect_equal([step["pte"] for step in way["steps"] if "pte" in step], re.findall(r"= (0x\w{16}) ppn", "\n".join(wtext)), "PTEs")
    shown = [re.match(r"#(\d+) .*? at (\S+):(\d+)$", line).groups() for line in btext if line.startswith("#") and " at " in line]
    expect_equal([(str(frame["frame"]), frame["file"], str(frame["line"])) for frame in frames["frames"] if frame["file"]], shown, "frames")
    trap = [frame["trap"] for frame in frames["frames"] if "trap" in frame]
    expect_equal([f"-- {row['cause']} at cycle {row['cycle']}: from {row['from']}, guest {row['zone']}" for row in trap], [line for line in btext if line.startswith("--")], "trap")
    expect_equal((first["frames"], first["more"]), (frames["frames"][:1], True), "one frame")


def values():
    """Variables, their types and numbers; per-CPU fields; memory."""
    args, text, printed, ptext, percpu, ctext, units, utext, physical = answers_at(
        "break zone_config_share_harts\ncontinue", ["info args -json", "info args", "print -json $pc", "print $pc", "info percpu -json", "info percpu", "x/4xw $pc -json", "x/4xw $pc",
                                                    "xp/4xw $pc -json"], ["-smp", "2", *HELLO])
    expect_equal([f"{row['name']} = {row['value']}" for row in args["arguments"]], text, "arguments")
    expect(args["arguments"] and all(row["type"] for row in args["arguments"]), f"types: {args}")
    expect_equal(ptext[0].split()[0], hex(number(printed["number"])), "pc")
    slots = [line for line in ctext if line.startswith("hart ")]
    expect_equal([f"hart {row['hart']:<2} slot {hex(number(row['address']))}" for row in percpu["slots"]], [line.split(" tp")[0] for line in slots], "slots")
    expect_equal([f"  {field['name']} = {field['value']}" for row in percpu["slots"] for field in row["fields"]], [line for line in ctext if line not in slots], "fields")
    expect_equal(number(percpu["slots"][1]["fields"][0]["number"]), 1, "percpu[1].id")
    expect_equal([hex(number(unit)) for unit in units["units"]], [hex(int(word, 16)) for line in utext for word in line.split()[1:]], "units")
    expect_equal(physical["units"], units["units"], "physical memory")


def source(name, function):
    """Frames with their variables, of C, C++ and Rust: each value as the text has it, each type as whatis; where one is, memory holds its number."""
    stops = f"break {function}\ncontinue\ncontinue" if "touch" in function else f"break {function}\ncontinue"
    frames, text, local = answers_at(stops, ["bt full -json", "bt full", "info locals -json"], [f"build/source/{name}.elf"])
    shown = [line.strip() for line in text if re.match(" {8}[^ ]", line)]
    told = [f"{row['name']} = {row['value']}" for frame in frames["frames"] for row in frame["locals"]]
    expect_equal(told, shown, "locals")
    places = [re.search(r" at (\S+):(\d+)$", line).groups() for line in text if re.match(r"#\d.* at ", line)]
    expect_equal([(frame["file"], str(frame["line"])) for frame in frames["frames"] if frame["file"]], places, "lines")
    expect_equal([frame["function"] for frame in frames["frames"] if frame["function"]],
                 [re.match(r"#\d+ +(?:0x\w+ in )?(.*?) \(", line)[1] for line in text if re.match(r"#\d.* at ", line)], "functions")
    expect_equal(local["locals"], frames["frames"][0]["locals"], "locals of the innermost frame")
    arguments = frames["frames"][0]["arguments"]
    known = [row for row in arguments + local["locals"] if "<" not in row["value"]]
    asked = [question for row in known for question in (f"whatis {row['name']}", f"print -json {row['name']}")]
    said = answers_at(stops, asked, [f"build/source/{name}.elf"]) if asked else []
    for row, (kind,), printed in zip(known, said[::2], said[1::2]):
        expect_equal(f"type = {row['type']}", kind, f"type of {row['name']}")
        expect_equal({key: printed.get(key) for key in row if key != "name"}, {key: row[key] for key in row if key != "name"}, row["name"])
    where = [row for row in known if "address" in row and "number" in row]
    for row, read in zip(where, answers_at(stops, [f"x/1xb {row['address']} -json" for row in where], [f"build/source/{name}.elf"]) if where else []):
        expect_equal(number(read["units"][0]), number(row["number"]) & 0xff, f"memory of {row['name']}")
    expect(told or arguments, "no variable at all")


def machine():
    """Ranges, devices, interrupts, stop points, checkpoints."""
    mtree, text, irq, itext, points, ptext, past, ctext, status = answers_at(
        "break sbi_console_write if $a0 == $a0\ntbreak 0x80200000\nwatch 0x80300000 4\ncatch trap 10\ncontinue\ncheckpoint",
        ["info mtree -json", "info mtree", "info irq -json", "info irq", "info breakpoints -json", "info breakpoints", "info checkpoints -json", "info checkpoints",
         "info status -json"], HELLO)
    shown = [line.split() for line in text if re.match(r"0x\w{10}\.\.", line)]
    expect_equal([[f"0x{number(row['base']):010x}..0x{number(row['base']) + number(row['size']) - 1:010x}", row["name"]] for row in mtree["ranges"]], shown, "ranges")
    expect_equal([line for device in mtree["devices"] for line in device["state"]], [line for line in text if line.split() not in shown], "devices")
    expect_equal([f"{row['number']:<2} {row['cause']:<44}{' pending' * row['pending']}{' enabled' * row['enabled']}{' to-HS' * row['to_hs']}{' to-VS' * row['to_vs']}"
                  for row in irq["interrupts"]], itext[:-1], "interrupts")
    expect_equal([f"{row['number']:<3} {row['kind']:<6} {row['text']}{' (once)' * row['once']}, hit {row['hits']} times" for row in points["stop_points"]], ptext, "stop points")
    expect_equal(points["stop_points"][0]["condition"], "$a0 == $a0", "condition")
    expect_equal((points["stop_points"][2]["addresses"], points["stop_points"][2]["size"]), (["0x0000000080300000"], 4), "watched")
    expect_equal([f"{row['number']:<3} cycle {row['cycle']}" for row in past["checkpoints"]], ctext[:-1], "checkpoints")
    expect(f"from cycle {past['from']} on: {past['snapshots']} more" in ctext[-1], ctext)
    expect_equal((status["state"], status["reason"], status["reset_asked"]), ("paused", None, False), "status")


def errors():
    """One line of JSON that says what the text says, and the script fails; texts of any bytes stay JSON."""
    for command, words in (("info nothing", "no such topic"), ("csr nothing", "no CSR"), ("translate", ""), ("print nothing", "nothing"), ("x 0x1", "cannot read"),
                           ("x/s $pc", "no JSON form"), ("why", "has taken no trap"), ("bt $", ""), ("info pt x y", ""), ("info cache l9", ""), ("info symbol 3", "no symbol holds"),
                           ("info line nothing", "nothing"), ("print \"\\\x01\udcff", "")):
        status, _, err = run([RVSIM, "--debug-cmd", f"{command} -json", *HELLO])
        expect_equal(len(err.splitlines()), 1, f"lines that `{command}' says: {err}")
        answer = parse(err)
        expect_equal(status, 6, f"exit status of {command}: {err}")
        expect(words in answer["error"], f"{command}: {answer}")
        expect("topic" not in answer or "error" not in answer, f"both: {answer}")
    (texts,) = lines_of(["echo x -json"])
    expect_equal(texts, ["x -json"], "echo")


def quits():
    """quit CODE is the exit status unless worse happened; quit alone tells what the run did."""
    for script, options, status in (("quit", [], 0), ("quit 0", [], 0), ("quit 7", [], 7), ("quit 255", [], 255), ("quit 3+4", [], 7), ("quit 256", [], 6), ("quit -1", [], 6),
                                    ("quit nonsense", [], 6), ("nonsense;quit 7", [], 6), ("-nonsense;quit 7", [], 7), ("assert 0;quit 0", [], 6),
                                    ("continue;quit 9", [], 9), ("continue;quit", [], 0), ("continue;quit 0", ["--max-cycles", "1000"], 0), ("continue;quit", ["--max-cycles", "1000"], 3),
                                    ("continue;quit 3", ["--max-cycles", "1000", "--expect", "$"], 3), ("continue;quit 0", ["--expect", "never said"], 1),
                                    ("quit 0", ["--fail-on", "never said"], 0)):
        got, _, err = run([RVSIM, *options, "--debug-cmd", script, *HELLO])
        expect_equal(got, status, f"exit status of {script} {options}: {err[-500:]}")
    got, _, err = run([RVSIM, "--check", "all", "--debug-cmd", "tbreak zone_config_share_harts;continue;set $tp = 1;continue;quit 0", *HELLO])
    expect_equal(got, 4, f"exit status behind a violation: {err[-500:]}")
    got, _, err = run([RVSIM, "--debug", *HELLO], stdin=b"quit 12\nquit 13\n")
    expect_equal(got, 12, f"exit status of --debug: {err[-500:]}")


def cases():
    for name, program in MACHINES.items():
        for stop in ("step", "break zone_config_share_harts\ncontinue", LATE):
            yield f"{name}, {stop}".replace("\n", ", "), lambda program=program, stop=stop: every_topic(program, stop)
    yield "registers", registers
    yield "csr", one_csr
    yield "as --stats", harts_and_stats
    yield "guests", guests_seen
    yield "tables", tables
    yield "traps", traps
    yield "values", values
    for name, function in (("gcc4", "*touch"), ("clang4", "*touch"), ("clang4_2", "touch"), ("classes", "measure"), ("crate", "crate::percpu::look")):
        yield f"source of {name}", lambda name=name, function=function: source(name, function)
    yield "machine", machine
    yield "errors", errors
    yield "quit", quits
