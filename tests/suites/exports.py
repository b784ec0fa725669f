"""rvtrace export: each format opens in a reader of its own, and all of them tell of the same exits and cycles as --stats does."""
import csv
import html.parser
import io
import json
import os
import re
import subprocess
import tempfile
import threading
from suites.tools import FIRMWARE, RVSIM, RVTRACE, expect, expect_equal, guest, run

THOUSAND = "build/export/thousand.elf"
ECALL = "ecall from VS-mode"
EXITS = 1001  # and the power-off

LOCK = threading.Lock()
FOLDER = tempfile.TemporaryDirectory()


def at(name):
    return os.path.join(FOLDER.name, name)


def record(name, events, options=(), program=(FIRMWARE, THOUSAND + ",name=thousand,memory=4M")):
    """A trace and its statistics, recorded once."""
    with LOCK:
        return record_once(name, events, options, program)


def record_once(name, events, options, program):
    if not os.path.exists(at(name)):
        got, _, err = run([RVSIM, "--cpu", "cva6", *options, "--trace", f"{at(name)},events={events}", "--stats", at(name) + ".json", *program], 300)
        expect_equal(got, 0, err[-1000:])
    with open(at(name) + ".json") as file:
        return at(name), json.load(file)


def plain():
    return record("plain", "world,trap,tp,irq")


def insns():
    return record("insns", "insn,csr,trap,world,tlb,irq")


def export(form, trace, *options):
    got, out, err = run([RVTRACE, "export", f"--format={form}", *options, trace], 300)
    expect_equal((got, err), (0, ""), f"export --format={form}")
    return out


def by_cause(stats):
    return {cause["cause"]: (cause["count"], cause) for cause in stats["world_switches"]["causes"]}


def known(stats):
    exits = sum(count for count, _ in by_cause(stats).values())
    expect_equal(stats["world_switches"]["exits"], exits, "exits by cause")
    expect_equal(by_cause(stats)[ECALL][0], EXITS, "ecalls of a program that makes 1,001")
    return exits


def chrome():
    trace, stats = plain()
    events = json.loads(export("chrome", trace))["traceEvents"]
    exits = [event for event in events if event.get("cat") == "exit"]
    expect_equal(len(exits), known(stats), "exits")
    expect_equal(sum(event["name"] == ECALL for event in exits), EXITS, "ecalls")
    expect(all(event["ph"] in "MXi" and isinstance(event["tid"], int) and isinstance(event.get("ts", 0), int) and event["name"] for event in events), "events")
    for hart in stats["harts"]:
        worlds = [event for event in events if event.get("cat") == "world" and event["tid"] == hart["hart"] + 1]
        expect_equal(sum(event["dur"] for event in worlds), hart["cycles"], "cycles in worlds")
        expect_equal(sum(event["args"]["instructions"] for event in worlds), hart["instructions"], "instructions in worlds")
        expect(all(one["ts"] + one["dur"] == next["ts"] for one, next in zip(worlds, worlds[1:])), "worlds that do not follow each other")
    splits = [event["args"] for event in exits if event["name"] == ECALL and "handler" in event["args"]]
    expect_equal(sum(split["handler"] for split in splits), by_cause(stats)[ECALL][1]["split"]["handler"], "cycles of the handler")


def perfetto():
    trace, stats = plain()
    export("perfetto", trace, "-o", at("perfetto"))
    with open(at("perfetto"), "rb") as file:
        text = subprocess.run(["protoc", "--decode=Trace", "-Itests/export", "tests/export/perfetto.proto"], stdin=file, check=True, stdout=subprocess.PIPE).stdout.decode()
    expect(not re.search(r"^ *\d+(:| \{)", text, re.M), "fields that there are not")
    packets = text.split("\npacket {")
    exits = [packet for packet in packets if 'categories: "exit"' in packet]
    expect_equal(len(exits), known(stats), "exits")
    expect_equal(sum(f'name: "{ECALL}"' in packet for packet in exits), EXITS, "ecalls")
    begun = sum("TYPE_SLICE_BEGIN" in packet for packet in packets)
    expect_equal(sum("TYPE_SLICE_END" in packet for packet in packets), begun, "slices that end")
    expect(all("trusted_packet_sequence_id: 1" in packet for packet in packets), "packets of no sequence")
    tracks = set(re.findall(r"^    uuid: (\d+)", text, re.M))
    expect_equal(set(re.findall(r"track_uuid: (\d+)", text)) - tracks, set(), "events on tracks that there are not")


def sqlite():
    trace, stats = plain()
    export("sqlite", trace, "-o", at("base"))

    def ask(query):
        got, out, err = run(["sqlite3", at("base"), query], 60)
        expect_equal((got, err), (0, ""), query)
        return out.split("\n")[:-1]

    expect_equal(ask("SELECT count(*) FROM exits"), [str(known(stats))], "exits")
    expect_equal(ask(f"SELECT count(*) FROM exits WHERE cause = '{ECALL}' AND zone = 'zone thousand'"), [str(EXITS)], "ecalls")
    split = by_cause(stats)[ECALL][1]["split"]
    for part in ("trap", "switch", "handler", "icache", "branch"):
        expect_equal(ask(f"SELECT sum({part}) FROM exits WHERE cause = '{ECALL}'"), [str(split[part])], part)
    expect_equal(ask("SELECT hart, cycles, instructions FROM harts"), [f"{hart['hart']}|{hart['cycles']}|{hart['instructions']}" for hart in stats["harts"]], "harts")
    expect_equal(ask("SELECT sum(end - begin) FROM worlds"), [str(sum(hart["cycles"] for hart in stats["harts"]))], "cycles in worlds")
    _, dump, _ = run([RVTRACE, "dump", trace])
    expect_equal(ask("SELECT count(*) FROM events"), [str(dump.count("\n"))], "events")


def comma_separated():
    trace, stats = plain()
    rows = list(csv.DictReader(io.StringIO(export("csv", trace))))
    _, dump, _ = run([RVTRACE, "dump", trace])
    expect_equal(len(rows), dump.count("\n"), "events")
    exits = [row for row in rows if row["type"] == "world" and row["from"] in ("VS", "VU") and row["mode"] in ("M", "HS", "U")]
    expect_equal(len(exits), known(stats), "exits")
    expect_equal(sum(row["cause"] == ECALL for row in exits), EXITS, "ecalls")
    expect(any(row["symbol"] == "leave" and row["guest"] == "thousand" for row in rows), "no symbol of the guest's")


def common_trace_format():
    trace, stats = plain()
    export("ctf", trace, "-o", at("ctf"))
    got, text, err = run(["babeltrace2", "--clock-cycles", "--no-delta", at("ctf")], 120)
    expect_equal((got, err), (0, ""), "babeltrace2")
    _, dump, _ = run([RVTRACE, "dump", trace])
    expect_equal(text.count("\n"), dump.count("\n"), "events")
    exits = [line for line in text.splitlines() if " world: " in line and re.search(r'_?from = \( "V[SU]"', line) and not re.search(r'mode = \( "V[SU]"', line)]
    expect_equal(len(exits), known(stats), "exits")
    expect_equal(sum("cause = 0xA" in line for line in exits), EXITS, "ecalls")


def waves():
    trace, stats = plain()
    export("fst", trace, "-o", at("fst"))
    got, back, err = run(["fst2vcd", at("fst")], 60)
    expect_equal(got, 0, err)
    for text in (export("vcd", trace), back):
        code = re.search(r"\$var wire 1 (\S+) exit \$end", text)[1]
        body = text.split("$enddefinitions $end")[1]
        rises = len(re.findall(rf"^1{re.escape(code)}$", body, re.M))
        expect_equal(rises, known(stats), "the wire `exit' rises")
        times = [int(time) for time in re.findall(r"^#(\d+)", body, re.M)]
        expect_equal(times, sorted(times), "time goes back")


def callgrind():
    trace, stats = insns()
    export("callgrind", trace, "-o", at("callgrind"))
    got, text, err = run(["callgrind_annotate", "--threshold=100", at("callgrind")], 60)
    expect_equal((got, err), (0, ""), "callgrind_annotate")
    numbers = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) \(100\.0%\)", text)]
    cycles, instructions, traps = numbers[:3]
    expect_equal(cycles, sum(hart["cycles"] for hart in stats["harts"]), "cycles")
    expect_equal(instructions, sum(hart["instructions"] for hart in stats["harts"]), "instructions")
    _, dump, _ = run([RVTRACE, "dump", "--type=trap", trace])
    expect_equal(traps, dump.count("\n"), "traps")
    with open(at("callgrind")) as file:
        calls = re.findall(r"cfn=leave\ncalls=(\d+) 0", file.read())
    expect_equal(calls, ["1000"], "calls of `leave'")
    got, text, _ = run(["callgrind_annotate", "--inclusive=yes", at("callgrind")], 60)
    shares = [float(share) for share in re.findall(r"\( ?([\d.]+)%\)", text)]
    expect(got == 0 and max(shares) <= 100.0, f"a function that costs more than all: {max(shares)}")


def folded():
    trace, stats = insns()
    stacks = [line.rsplit(" ", 1) for line in export("folded", trace).splitlines()]
    expect_equal(sum(int(count) for _, count in stacks), sum(hart["cycles"] for hart in stats["harts"]), "cycles")
    expect(any(stack == "guest_thousand;again;leave" or stack == "guest_thousand;_start;leave" for stack, _ in stacks), f"stacks of `leave': {[s for s, _ in stacks if 'leave' in s]}")
    expect(all(" " not in stack for stack, _ in stacks), "a space in a frame")
    begin = stats["cycles"] - 100000
    later = [line.rsplit(" ", 1) for line in export("folded", trace, "--from", str(begin)).splitlines()]
    expect_equal(sum(int(count) for _, count in later), sum(hart["cycles"] - begin for hart in stats["harts"]), "cycles from there on")
    expect({stack for stack, _ in later} <= {stack for stack, _ in stacks}, "stacks that begin where what is shown begins")


def kanata():
    trace, stats = insns()
    part = ["--from", str(stats["cycles"] - 300000)]
    lines = export("kanata", trace, *part).splitlines()
    expect_equal(lines[:3], ["Kanata\t0004", "C=\t0", "C\t1"], "head")
    fields = [line.split("\t") for line in lines[1:]]
    began = [field[1] for field in fields if field[0] == "I"]
    expect_equal(began, [str(number) for number in range(len(began))], "ids")
    ends = {kind: [field[1] for field in fields if field[0] == kind] for kind in "SER"}
    expect(all(sorted(ids, key=int) == began for ids in ends.values()), "stages that do not begin and end once")
    retired = sum(field[0] == "R" and field[3] == "0" for field in fields)
    _, dump, _ = run([RVTRACE, "dump", "--type=insn", *part, trace])
    expect_equal(retired, dump.count("\n"), "instructions")
    flushed = [field for field in fields if field[0] == "R" and field[3] == "1"]
    _, dump, _ = run([RVTRACE, "dump", "--type=trap", *part, trace])
    expect_equal(len(flushed), sum("interrupt" not in line for line in dump.splitlines()), "instructions that trapped")
    expect(all(len(field) == 4 for field in fields if field[0] in "LISER"), "tabs")


def functions_of(path):
    """{(space, function): its own costs} of a Callgrind file."""
    found, space, name, skip = {}, None, None, False
    with open(path) as file:
        for line in file:
            if line.startswith("fl="):
                space = line[3:-1]
            elif line.startswith("fn="):
                name = line[3:-1]
            elif re.match(r"\d", line) and not skip:
                found[space, name] = [int(word) for word in line.split()[1:]]
            skip = line.startswith("calls=")
    return found


def profiled(name, *command):
    """--profile: totals are --stats', functions those of the run's instructions; neither hash nor trace are others."""
    traces, stats = {}, {}
    for kind, options in (("plain", []), ("profiled", ["--profile", at(name + ".profile")]), ("insns", ["--profile", at(name + ".too")])):
        events = "world,trap,tp,irq" + (",insn" if kind == "insns" else "")
        traces[kind], stats[kind] = record(f"{name}-{kind}", events, options, command)
    expect_equal(len({one["trace_hash"] for one in stats.values()}), 1, "hashes")
    dumps = [run([RVTRACE, "dump", traces[kind]], 60)[1] for kind in ("plain", "profiled")]
    expect(dumps[0] == dumps[1] and dumps[0], "another trace with --profile")
    export("callgrind", traces["insns"], "-o", at(name + ".callgrind"))
    theirs = functions_of(at(name + ".callgrind"))
    wanted = [sum(hart["cycles"] for hart in stats["plain"]["harts"]), stats["plain"]["instructions"], stats["plain"]["world_switches"]["exits"]]
    for path in (at(name + ".profile"), at(name + ".too")):
        got, text, err = run(["callgrind_annotate", "--threshold=100", path], 60)
        expect_equal((got, err), (0, ""), "callgrind_annotate")
        expect_equal([int(number.replace(",", "")) for number in re.findall(r"([\d,]+) \(100\.0%\)", text)][:3], wanted, "totals")
        ours = functions_of(path)
        expect_equal([sum(row[i] for row in ours.values()) for i in range(3)], wanted, "sums")
        astray = sum(abs(row[1] - ours.get(key, [0, 0])[1]) for key, row in theirs.items())  # blocks that run on into a function
        expect(astray * 1000 <= 5 * wanted[1], f"{astray} of {wanted[1]} instructions stand elsewhere")
    return functions_of(at(name + ".profile"))


def profile():
    found = profiled("one", FIRMWARE, THOUSAND + ",name=thousand,memory=4M")
    expect_equal(found["guest thousand", "leave"][2], 1000, "exits of `leave'")
    expect_equal(sum(row[2] for (space, _), row in found.items() if space != "guest thousand"), 0, "exits of the hypervisor")


def profile_of_zones():
    """Several harts, zones and programs in user mode; folded stacks."""
    command = ("-smp", "4", FIRMWARE, guest("smp") + ",name=smp", guest("faults") + ",name=faults")
    found = profiled("zones", *command)
    expect({space for space, _ in found} == {"hypervisor", "guest smp", "guest faults"}, found)
    got, _, err = run([RVSIM, "--cpu", "cva6", "--profile", at("zones.folded"), *command], 120)
    expect_equal(got, 0, err)
    with open(at("zones.folded")) as file:
        lines = [line.rsplit(" ", 1) for line in file]
    expect(all(re.fullmatch(r"[^; ]+;[^; ]+", stack) for stack, _ in lines), lines[:3])
    expect_equal(sum(int(count) for _, count in lines), sum(row[0] for row in found.values()), "folded")


class Page(html.parser.HTMLParser):
    """The cells of tables, and what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.wanted, self.open = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.wanted += [value for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self.open = True
        if tag in ("h1", "h2", "p", "svg"):
            self.open = False

    def handle_data(self, data):
        if self.open:
            self.rows[-1][-1] += data.replace("\u2009", "").strip()


def report():
    """A page that needs nothing else: the same exits as --stats, the functions' cycles; and what changed against another run."""
    trace, stats = insns()
    got, _, err = run([RVTRACE, "report", trace, "-o", at("report.html")], 60)
    expect_equal((got, err), (0, ""), "report")
    with open(at("report.html")) as file:
        page = Page(file.read())
    expect_equal(page.wanted, [], "what it fetches")
    for name, (count, cause) in by_cause(stats).items():
        expect([name, str(count), str(cause["min"]), str(cause["median"]), str(cause["p99"]), str(cause["max"])] in [row[:6] for row in page.rows], f"no row of {name}")
    expect(any(row[1:2] == ["guest thousand"] for row in page.rows), "no function of the guest's")
    dump = run([RVTRACE, "dump", "--type=tlb", trace])[1]
    spaces = [row for row in page.rows if len(row) == 6 and row[0] in ("hypervisor", "guest thousand")]
    for column, wanted in ((1, sum(hart["cycles"] for hart in stats["harts"])), (2, stats["instructions"]), (4, dump.count("what=fill"))):
        expect_equal(sum(int(row[column]) for row in spaces), wanted, f"column {column} of whose code ran")
    slow, slow_stats = record("slow", "world,trap", ["--set", "dram.latency=80"])
    got, _, err = run([RVTRACE, "report", trace, slow, "-o", at("two.html")], 60)
    expect_equal((got, err), (0, ""), "report of two")
    with open(at("two.html")) as file:
        page = Page(file.read())
    before, after = by_cause(stats)[ECALL][1], by_cause(slow_stats)[ECALL][1]
    expect([ECALL, str(EXITS), str(after["min"]), str(after["median"]), f"{after['median'] - before['median']:+d}"] in [row[:5] for row in page.rows], "no change")
    for words, said in ((["report", trace], "usage"), (["report", "/nonexistent", "-o", at("x")], "No such file"), (["report", trace, "-o", "/nonexistent/x"], "No such file")):
        got, _, err = run([RVTRACE, *words])
        expect(got == 2 and said in err, err)


def parts_of_a_run():
    """A hart, a range of cycles; what is not there is refused."""
    trace, _ = record("harts", "world,trap", ["-smp", "2"], (FIRMWARE, guest("smp")))
    events = json.loads(export("chrome", trace, "--hart", "1", "--from", "1000000", "--to", "20700000"))["traceEvents"]
    worlds = [event for event in events if event.get("cat") == "world"]
    expect(worlds and all(event["tid"] == 2 and event["ts"] <= 20700000 and event["ts"] + event["dur"] >= 1000000 for event in worlds), "events of others")
    for options, reason in ((["--format=pdf"], "no such export format; there are spike, perfetto"), (["--format=callgrind"], "the trace has no insn events: record with events=insn"),
                            (["--format=ctf"], "--output PATH says where to"), (["--format=sqlite", "-o", at("base")], "is there already"),
                            (["--format=chrome", "--hart", "2"], "no such hart"), (["--format=ctf", "-o", FOLDER.name], "is there already"),
                            (["--format=csv", "-o", "/nonexistent/x"], "No such file"), (["--format=chrome", "--from", "x"], "not a number")):
        if options[0] == "--format=sqlite" and not os.path.exists(at("base")):
            open(at("base"), "w").close()
        got, _, err = run([RVTRACE, "export", *options, trace])
        expect(got == 2 and reason in err and err.count("\n") == 1, f"{options}: {got}, {err}")


def damaged():
    """A file that is not as it was written is said to be so, whatever it is made into."""
    trace, _ = insns()
    with open(trace, "rb") as file:
        content = file.read()
    for name, bad in (("cut", content[:len(content) // 2]), ("flipped", content[:5000] + bytes([content[5000] ^ 4]) + content[5001:])):
        with open(at(name), "wb") as file:
            file.write(bad)
        for form in ("spike", "perfetto", "chrome", "kanata", "callgrind", "folded", "csv", "vcd", "ctf", "fst", "sqlite"):
            path = at(f"{name}.{form}")
            got, _, err = run([RVTRACE, "export", f"--format={form}", "-o", path, at(name)])
            expect(got in (0, 2) and err.count("\n") == 1 and ("no end record" in err if got == 0 else "rvtrace: " in err), f"{name} as {form}: {got}, {err}")


def memory():
    """Millions of instructions go through in little memory."""
    trace, stats = record("many", "insn,csr,trap,world", [], (FIRMWARE, guest("hello")))
    expect(stats["instructions"] > 10_000_000, "too few to tell")
    for form in ("kanata", "callgrind"):
        script = f"import resource,subprocess,sys; r=subprocess.run(['{RVTRACE}','export','--format={form}','{trace}'],stdout=subprocess.DEVNULL); " \
                 "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(r.returncode)"
        got, out, err = run(["python3", "-c", script], 200)
        expect(got == 0 and int(out) < 200 * 1024, f"{form}: {out} KiB {err}")


def cases():
    for case in (chrome, perfetto, sqlite, comma_separated, common_trace_format, waves, callgrind, folded, kanata, profile, profile_of_zones, report, parts_of_a_run, damaged, memory):
        yield case.__name__.replace("_", "-"), case
