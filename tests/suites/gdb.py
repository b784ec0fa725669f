"""GDB's stub, as gdb-multiarch uses it, and packet by packet."""
import json
import re
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from gdb_client import GDB, Machine, frame, unescape
from suites.tools import FIRMWARE, expect, expect_equal, guest, run, stats_of, RVSIM

WATCH = "build/debug/watch.elf"
FOREVER = "build/debug/forever.elf"
HELLO = [FIRMWARE, guest("hello")]
OSABI = {"default": [], "none": ["set osabi none"]}


def in_order(text, *wanted):
    at = 0
    for one in wanted:
        found = text.find(one, at)
        expect(found >= 0, f"no {one!r} in\n{text[at:][-3000:]}")
        at = found + len(one)


def session(harts, commands, *wanted, osabi="default", words=HELLO, program=FIRMWARE, options=("-S",), status=0):
    """A session of GDB; what it must say, in order; and how the run ends."""
    with Machine(words, ["-smp", str(harts), *options]) as machine:
        text = machine.gdb(commands, program, OSABI[osabi])
        in_order(text, *wanted)
        ended, out, err = machine.end()
        expect_equal(ended, status, f"exit status; {err}\n{text[-1500:]}")
        return text, out


def breakpoints(harts, osabi):
    session(harts, ["break hypervisor_entry", "continue", "print $priv", "hbreak percpu_new", "continue", "finish", "info breakpoints",
                    "delete", "continue"],
            "Breakpoint 1, hypervisor_entry", "$1 = 1", "Breakpoint 2, ", "percpu_new", "Value returned is",
            "breakpoint already hit 1 time", "exited normally", osabi=osabi)


def every_hart_stops(osabi):
    """No hart passes a breakpoint while GDB steps another over it."""
    with Machine(HELLO, ["-smp", "4", "-S"]) as machine:
        text = machine.gdb(["break percpu_new", *["continue", "info registers a0"] * 4, "delete", "continue"], FIRMWARE, OSABI[osabi])
        found = sorted(re.findall(r"^a0 +0x(\d+)", text, re.M))
        expect_equal(found, ["0", "1", "2", "3"], "the harts that came to percpu_new")
        expect_equal(machine.end()[0], 0, "exit status")


def steps(harts, osabi):
    """stepi goes the way of the REPL's step."""
    count = 40
    status, _, err = run([RVSIM, "-smp", str(harts), "--debug", *HELLO], 60, b"until hypervisor_entry\n" + b"step\n" * count + b"quit\n")
    wanted = re.findall(r"^hart 0 .*?0x0*([0-9a-f]+)", err, re.M)[1:]
    text, _ = session(harts, ["break hypervisor_entry", "continue", "delete", *["stepi", "print/x $pc"] * count, "kill"], osabi=osabi)
    expect_equal(re.findall(r"^\$\d+ = 0x([0-9a-f]+)", text, re.M), wanted, "pc by pc")


LOOKS = ["break hypervisor_entry", "hbreak _guest_exit", "continue", *["continue"] * 6, "info registers csr", "x/20i $pc", "stepi", "nexti",
         "watch *(long *)&percpu_base", "rwatch *(long *)($sp - 8)", "continue", "continue", "bt", "info threads", "delete", "continue"]


def of_the_run(stats):
    """Without what the host and the engine's translations have to do with."""
    for key in ("config", "host_seconds", "mips"):
        stats.pop(key)
    for hart in stats["harts"]:
        hart.pop("engine")
    return stats


def numbers_of(command):
    """What --stats says of a run, but for the host's part."""
    status, out, stats = stats_of(command)
    return status, out, of_the_run(stats)


def looking_changes_nothing(harts, osabi, options=()):
    """A session that only looks: the run is the one without it, to the cycle."""
    words = ["-smp", str(harts), *options]
    with tempfile.TemporaryDirectory() as folder, Machine(HELLO, ["-S", "--stats", f"{folder}/stats", *words]) as machine:
        text = machine.gdb(LOOKS, FIRMWARE, OSABI[osabi])
        in_order(text, "Breakpoint 1, ", "Breakpoint 2, ", "exited normally")
        expect("Could not" not in text and "Error" not in text, text)
        status, out, _ = machine.end()
        stats = of_the_run(json.load(open(f"{folder}/stats")))
    expect_equal((status, out, stats), numbers_of([RVSIM, *words, *HELLO]), "what the run says")


def document(client, kind, annex=""):
    """A document of qXfer, in pieces."""
    text = b""
    while True:
        client.send(frame(f"qXfer:{kind}:read:{annex}:{len(text):x},1000"))
        piece = client.packet()
        text += unescape(piece[1:])
        if piece[:1] == b"l":
            return text.decode()
        expect(piece[:1] == b"m", piece)


def number(client, register):
    return int.from_bytes(bytes.fromhex(client.ask(f"p{register:x}")), "little")


def registers_of(client):
    found = re.findall(r'<reg name="(\w+)" bitsize="64" regnum="(\d+)"', document(client, "features", "target.xml"))
    return {name: int(number) for name, number in found}


def values_are_the_machines(harts):
    """Registers, CSRs and memory are what the REPL shows at the same place."""
    script = b"break _guest_exit\ncontinue\ninfo regs\ninfo csr\ninfo fregs\nxp/64b 0x80000000\nquit\n"
    err = run([RVSIM, "-smp", str(harts), "--debug", *HELLO], 60, script)[2]
    exit_at = re.search(r"breakpoint 1 at 0x([0-9a-f]+)", err)[1]
    with Machine(HELLO, ["-S", "-smp", str(harts)]) as machine:
        client = machine.connect()
        client.ask("qSupported:multiprocess+;swbreak+")
        registers = registers_of(client)
        expect_equal(client.ask(f"Z0,{exit_at},4"), "OK", "Z0")
        in_order(client.ask("vCont;c"), "T05thread:p1.1", "swbreak:;")
        for name, value in re.findall(r"(\w+) +0x([0-9a-f]{16})", err[err.index("pc   0x"):err.index("0x0")]):
            expect_equal(number(client, registers[name]), int(value, 16), name)
        shown = dict(re.findall(r"^0x[0-9a-f]+ (\w+) +0x([0-9a-f]{16})", err, re.M))
        expect(len(shown) > 20, err)
        csrs = [name for name, index in registers.items() if 66 <= index < 66 + 4096 and name != "seed"]
        expect(len(csrs) > 150 and {"hstatus", "hgatp", "vsatp", "mtval2", "stimecmp"} < set(csrs), csrs)
        for name in csrs:
            expect_equal(number(client, registers[name]), int(shown.get(name, "0"), 16), name)
        for name, value in re.findall(r"(f[ast]\d+) +0x([0-9a-f]{16})", err):
            expect_equal(number(client, registers[name]), int(value, 16), name)
        memory = "".join(re.findall(r"^0x[0-9a-f]{16}:((?: 0x[0-9a-f]{2}){16})$", err, re.M)).replace(" 0x", "")
        expect_equal(client.ask("m80000000,40"), memory, "memory")
        client.send(frame("x80000000,40"))
        expect_equal(unescape(client.packet()), b"b" + bytes.fromhex(memory), "memory, binary")
        expect_equal(client.ask("g"), "".join(client.ask(f"p{i:x}") for i in range(65)), "g and p")
        expect_equal((number(client, registers["priv"]), number(client, registers["virt"])), (1, 0), "priv, virt")


def writes():
    """What is written is what is read, by WARL's rules; and what cannot be is refused, with nothing changed."""
    with Machine(HELLO, ["-S", "-smp", "2"]) as machine:
        client = machine.connect()
        client.ask("qSupported:swbreak+;error-message+")
        registers = registers_of(client)
        value = "1122334455667788"

        def put(name, text):
            return client.ask(f"P{registers[name]:x}={text}")
        for name in ("a0", "s11", "ft3", "sscratch", "mscratch", "vsscratch", "hgeie", "mcycle"):
            expect_equal(put(name, value), "OK", name)
        for name in ("a0", "s11", "ft3", "sscratch", "mscratch", "vsscratch"):
            expect_equal(client.ask(f"p{registers[name]:x}"), value, name)
        expect_equal(put("zero", value), "OK", "x0")
        expect_equal(number(client, 0), 0, "x0")
        # the machine's rules: no mode 1 of satp, bit 0 of mepc, no interrupt 1 in mie's read-only zeros
        expect_equal((put("satp", "0000000000000010"), number(client, registers["satp"])), ("OK", 0), "satp")
        expect_equal((put("mepc", "0300000000000000"), number(client, registers["mepc"])), ("OK", 2), "mepc")
        for name, text in (("cycle", value), ("mhartid", value), ("pc", "0100000000000000"), ("priv", "0200000000000000"), ("virt", "0100000000000000")):
            expect(put(name, text).startswith("E."), f"{name} was written")
        expect_equal((put("priv", "0100000000000000"), put("virt", "0100000000000000")), ("OK", "OK"), "modes")
        in_order(bytes.fromhex(client.ask("qRcmd," + "info harts".encode().hex())).decode(), "hart 0  VS")
        expect_equal((put("priv", "0300000000000000"), number(client, registers["virt"])), ("OK", 0), "back to M")
        whole = client.ask("g")
        expect_equal((client.ask("G" + whole), client.ask("g")), ("OK", whole), "G")
        expect(client.ask("G" + whole + "00").startswith("E."), "too many bytes")
        expect_equal(client.ask("M80000000,4:01020304"), "OK", "M")
        client.send(frame(b"X80000004,4:}\x03}\x04\x01\x02"))
        expect_equal(client.packet(), b"OK", "X")
        expect_equal(client.ask("m80000000,8"), "0102030423240102", "what was written")
        for bad in ("M1000,1:00", "M80000000,2:00", "M80000000,1:0", "M0,1:00", "M9fffffff,2:0000", "Xffffffffffffffff,1:a", "M80000000", "M"):
            expect(client.ask(bad).startswith("E."), bad)
        for bad in ("m0,1", "m10000000,1", "mx", "m80000000", "m,", "pffff", "p", "px1", "m11111111111111111,1"):
            expect(re.fullmatch("E[0-9a-f]{2}", client.ask(bad)), bad)
        expect_equal(client.ask("m9ffffffe,10"), client.ask("m9ffffffe,2"), "memory's end")
        expect_equal(client.ask("qSearch:memory:80000000;100;" + "\x01\x02\x03"), "1,80000000", "search")
        expect_equal(client.ask("qSearch:memory:80000000;1000;" + "no such text"), "0", "search")
        expect(client.ask("qSearch:memory:0;10;a").startswith("E."), "search")
        expect_equal(client.ask("qCRC:80000000,0"), "Cffffffff", "CRC of nothing")


BACK = ["break hypervisor_entry", "continue", "stepi", "stepi", "stepi", "print/x $pc", "reverse-stepi", "reverse-stepi", "print/x $pc", "delete",
        "break _guest_exit", "continue", "continue", "monitor info stats", "print $mcycle", "continue", "reverse-continue", "print $mcycle", "monitor info stats", "delete",
        "watch *(long *)((char *)&percpu_base + 8)", "reverse-continue", "delete", "hbreak _guest_exit", "continue", "continue", "monitor info stats", "kill"]


def back(harts, osabi):
    """reverse-stepi, reverse-continue to a breakpoint and before a change; and the run from there is the one that there was."""
    text, _ = session(harts, BACK, "$1 = 0x800000ac", "$2 = 0x800000a4", "Breakpoint 2, ", "$3 = ", "Breakpoint 2, ", "$4 = ", "Old value = 2149580800", "New value = -1",
                      "Breakpoint 4, ", osabi=osabi)
    cycles = dict(re.findall(r"^[$]([34]) = (\d+)", text, re.M))
    expect_equal(cycles["3"], cycles["4"], "the exit before the last")
    hashes = re.findall(r"trace hash (0x[0-9a-f]+)", text)
    expect(len(hashes) == 3 and len(set(hashes)) == 1, hashes)


def beginning():
    """Before the first instruction there is nothing, and from there it goes on."""
    session(1, ["tbreak hypervisor_entry", "continue", "reverse-continue", "print $mcycle", "reverse-stepi", "stepi", "reverse-stepi", "print/x $pc", "kill"],
            "breakpoint 1, ", "No more reverse-execution history", "$1 = 0", "No more reverse-execution history", "$2 = 0x1000", osabi="none")


def code_written_is_run():
    """A client's write to code that has been translated is what runs next."""
    with Machine(HELLO, ["-S"]) as machine:
        text = machine.gdb(["break hypervisor_entry", "continue", "delete", "set var *(int *)$pc = 0x0000006f", "stepi", "stepi", "print $pc == (long)&hypervisor_entry",
                            "set var *(int *)$pc = 0x00000513", "set var $a0 = 7", "set var *(int *)($pc + 4) = 0x00150513", "stepi", "stepi", "print $a0", "kill"], FIRMWARE, OSABI["none"])
        in_order(text, "Breakpoint 1, ", "$1 = 1", "$2 = 1")


def watchpoints(harts, osabi):
    """Old and new, as the machine's writes come; what is loaded; in GDB's words."""
    session(harts, ["watch *(long *)&place", *["continue"] * 2, "delete", "rwatch *(long *)&place", "continue", "delete", "awatch *(int *)&place", "continue", "delete",
                    "watch *(char *)0x20000000", "continue", "delete", "watch *(long *)&place if *(long *)&place == 0x22", "continue", "delete", "continue"],
            "Hardware watchpoint 1", "Old value = 0\n", "New value = 17\n", "Old value = 17\n", "New value = 285212689\n",
            "Hardware read watchpoint 2", "Value = 17\n", "in add_atomic", "Hardware access (read/write) watchpoint 3", "Value = 17\n", "in reserve",
            "Could not insert hardware watchpoint 4", "Old value = 17\n", "New value = 34\n", "exited normally", osabi=osabi, words=[WATCH], program=WATCH)


def symbols():
    status, out, err = run(["riscv64-unknown-elf-nm", WATCH])
    expect_equal(status, 0, err)
    return {name: int(address, 16) for address, _, name in map(str.split, out.splitlines())}


CHANGES = ["store_double", "store_byte", "store_across", "add_atomic", "condition", "store_float"]
LOADS = ["load_double", "load_byte", "load_across", "add_atomic", "reserve", "load_float"]
ACCESSES = ["store_double", "store_same", "load_double", "load_byte", "load_across", "store_byte", "store_across", "add_atomic", "reserve", "condition", "load_float",
            "store_float"]


def every_access(options):
    """Behind each instruction that does it the machine stops, and behind no other."""
    places = symbols()
    names = {address: name for name, address in places.items()}
    for kind, word, wanted in ((2, "watch", CHANGES), (3, "rwatch", LOADS), (4, "awatch", ACCESSES)):
        with Machine([WATCH], ["-S", *options]) as machine:
            client = machine.connect()
            expect_equal(client.ask(f"Z{kind},{places['place']:x},8"), "OK", "Z")
            found = []
            while (stop := client.ask("vCont;c"))[0] != "W":
                in_order(stop, "T05", f";{word}:")
                at = int(re.search(r"watch:([0-9a-f]+);", stop)[1], 16)
                expect(places["place"] <= at < places["place"] + 8, stop)
                found.append(names[number(client, 32) - 4])
            expect_equal(found, wanted, word)
            expect_equal(machine.end()[0], 0, "exit status")


def interrupt_detach_reattach():
    """A client stops a machine that runs, leaves it running, comes back, and ends it."""
    with Machine([FOREVER], ["-smp", "2"]) as machine:
        client = machine.connect()
        in_order(client.ask("?"), "T05thread:1;")
        client.send(frame("vCont;c"))
        time.sleep(0.2)
        client.send(b"\x03")
        in_order(client.packet().decode(), "T02thread:1;")
        cycle = number(client, 66 + 0xb00)
        time.sleep(0.2)
        expect_equal(number(client, 66 + 0xb00), cycle, "cycles while it stands")
        expect_equal(client.ask("D"), "OK", "D")
        client.close()
        time.sleep(0.2)
        client = machine.connect()
        in_order(client.ask("?"), "T05thread:1;")
        expect(number(client, 66 + 0xb00) > cycle, "it did not run on")
        client.send(frame("vCont;c"))
        client.close()  # without a word: it runs on
        client = machine.connect()
        in_order(client.ask("?"), "T05thread:1;")
        later = number(client, 66 + 0xb00)
        client.send(b"+" + frame("k"))
        expect_equal(machine.end()[0], 0, "exit status")
        expect(later > cycle, "it stood")


def interrupted_command():
    """ctrl-C ends a command that runs the machine; so does a client that goes."""
    with Machine([FOREVER], ["-S"]) as machine:
        client = machine.connect()
        client.ask("?")
        client.send(frame("qRcmd," + "continue".encode().hex()))
        time.sleep(0.3)
        client.send(b"\x03")
        in_order(bytes.fromhex(client.packet().decode()).decode(), "hart 0 ")
        client.send(frame("qRcmd," + "continue".encode().hex()))
        client.close()
        client = machine.connect()
        in_order(client.ask("?"), "T05")
        client.send(frame("k"))
        expect_equal(machine.end()[0], 0, "exit status")


def second_client():
    """Whoever comes second is told so; a silent first one makes room."""
    with Machine(HELLO, ["-S"]) as machine:
        silent = machine.connect()
        client = machine.connect()
        in_order(client.ask("?"), "T05")
        other = machine.connect()
        other.acknowledges = False
        expect_equal(other.packet(), b"E.another debugger has the machine", "what the second is told")
        in_order(client.ask("?"), "T05")
        silent.close()
        client.send(frame("c"))
        expect_equal(client.packet(), b"W00", "the end")
        expect_equal(machine.end()[0], 0, "exit status")


def tcp():
    """By default whoever is on this host may come, and nobody else; port 0 is one that is free, and told."""
    process = subprocess.Popen([RVSIM, "-S", "-gdb", "tcp::0", *HELLO], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        said = process.stderr.readline().decode()
        where = re.fullmatch(r"rvsim: gdb: target remote (127[.]0[.]0[.]1:\d+)\n", said)
        expect(where, said)
        text = subprocess.run([*GDB, "-ex", f"target remote {where[1]}", "-ex", "info registers pc", "-ex", "continue"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60).stdout.decode()
        in_order(text, "0x1000", "exited normally")
        out = process.communicate(timeout=60)[0]
        expect(process.returncode == 0 and b"hello: pass" in out, out)
    finally:
        process.kill()
        process.wait()


def spaces():
    """Memory through both stages, by physical address, and as a zone has it while the hypervisor runs."""
    look = "print/x *(int *)0x80200000"
    text, _ = session(1, ["break *0x80200000", "continue", look, "monitor phys on", "print/x *(int *)0x80600000", look, "maintenance packet Qqemu.PhyMemMode:0", look, "delete",
                          "break _guest_exit", "continue", look, "monitor zone 1", look, "monitor zone off", look, "monitor zone hello", look, "monitor zone 9", "kill"], "zone 9 has not run yet", osabi="none")
    values = dict(re.findall(r"^[$](\d) = (0x[0-9a-f]+)$", text, re.M))
    guest_sees, physical = values["1"], values["3"]
    expect(guest_sees != physical, text)
    expect_equal([values[str(i)] for i in range(1, 9)], [guest_sees, guest_sees, physical, guest_sees, physical, guest_sees, physical, guest_sees], text)


def silent_client():
    """One that says nothing, or nothing that is a packet, stops nothing."""
    with Machine(HELLO, []) as machine:
        client = machine.connect()
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n$half#")
        expect_equal(machine.end()[0], 0, "exit status")


def junk():
    """Bad packets are answered, and the machine is as before."""
    with Machine(HELLO, ["-S", "-smp", "2"]) as machine:
        client = machine.connect()
        before = client.ask("g")
        client.send(b"$g#00")
        expect_equal(client.byte(), b"-", "a wrong checksum")
        client.send(b"$gg$g#67")
        expect_equal(client.packet().decode(), before, "a packet cut off")
        client.send(b"-")
        expect_equal(client.packet().decode(), before, "sent again")
        for odd in ("", "vMustReplyEmpty", "Q", "zz", "Z9,0,0", "qNothing", "b", "v", "\x00\xff", "Z0", "Z0,", "_"):
            expect_equal(client.ask(odd), "", repr(odd))
        for bad in ("Hg3", "Hgp2.1", "H", "Hx1", "T9", "vCont;", "vCont;x", "vCont;c:p1.9", "vCont;t", "vCont;r1", "QNonStop:2", "vAttach;7", "qXfer:features:read:target.xml:ffffffff,1", "qXfer:features:read:target.xml:",
                    "Z2,80000000,0", "Z2,0,8", "Z2,80000000,ffffffff", "D;9", "qThreadExtraInfo,77", "qRcmd,zz"):
            expect(client.ask(bad).startswith("E"), bad)
        client.send(frame("m" + "8" * 200000))
        expect_equal(client.packet(), b"E01", "a packet that is too long")
        client.send(b"$" + b"}" * 1000 + b"#00" + b"+-" * 1000 + bytes(range(4, 36)) + b"%x#00")
        expect_equal({client.packet() for _ in range(1000)}, {b"E01"}, "after a thousand -")
        expect_equal(client.ask("vCont;c"), "W00", "the end")
        expect_equal(machine.end()[0], 0, "exit status")


def flood():
    """A client that asks and never reads is let go."""
    with Machine(HELLO, ["-S"]) as machine:
        client = machine.connect()
        client.send(frame("?"))
        try:
            for _ in range(3000):
                client.socket.settimeout(5)
                client.send(frame("m80000000,7000") * 10)
        except OSError:
            pass
        client.close()
        expect_equal(machine.end()[0], 0, "exit status")


def ends():
    """The exit status is rvsim's; a signal is one."""
    for options, status, wanted in ((["--max-cycles", "1000000"], 3, "exited with code 03"), (["--fail-on", "greetings"], 1, "exited with code 01"),
                                    (["--check", "all"], 0, "exited normally")):
        session(1, ["continue"], wanted, options=["-S", *options], status=status)


def monitor():
    """Any command of the REPL; what it says goes to GDB, and fails no script."""
    session(2, ["monitor info harts", "monitor nonsense", "monitor help phys", "monitor catch world VS", "continue", "monitor why", "monitor delete", "monitor info harts -json", "monitor translate 0x80200000 x",
                "thread 2", "monitor print $mhartid", "monitor quit"],
            "* hart 0", "no command `nonsense'", "a GDB client's memory", "catchpoint 1", "HS -> VS, catchpoint 1", "received signal SIGTRAP", '{"command": "info", "hart": 0, "topic": "harts", "harts": [{"hart": 0, "mode": "VS"', "leaf", "0x1 1")
    session(1, ["monitor quit 9"], status=9)


def extended():
    """run begins anew, as a reset does, also after the end; kill leaves the client there."""
    with Machine(HELLO, ["-S", "-smp", "2"]) as machine:
        text = machine.gdb(["break hypervisor_entry", "continue", "print/x $mepc", "run", "continue", "continue", "run", "info registers pc", "kill", "run", "continue", "continue"], FIRMWARE,
                           ["set exec-wrapper", "set startup-with-shell off"], remote="extended-remote")
        in_order(text, "Breakpoint 1, ", "$1 = ", "Breakpoint 1, ", "exited normally", "Breakpoint 1, ", "pc ", "killed", "Breakpoint 1, ", "exited normally")
        status, out, _ = machine.end()
        expect_equal(status, 0, "exit status")
        expect_equal(out.count("hello: pass"), 2, "runs to the end")


NON_STOP = [
    ("set non-stop on", ""),
    ("target remote SOCKET", 'Thread 4 "hart 3" stopped'),
    ("info threads", "4    Thread 1.4"),
    ("hbreak percpu_new", "breakpoint 1 at"),
    ("continue -a &", 'Thread 1 "hart 0" hit Breakpoint 1'),
    ("print $a0", "$1 = 0"),
    ("stepi", "get_cpu_data(cpu_id)"),
    ("print $pc == (long)&percpu_new + 2", "$2 = 1"),
    ("info threads", 'Thread 1.4 "hart 3" (M'),
    ("continue &", 'Thread 2 "hart 1" hit Breakpoint 1'),
    ("echo", 'Thread 3 "hart 2" hit Breakpoint 1'),
    ("echo", 'Thread 4 "hart 3" hit Breakpoint 1'),
    ("thread 3", "percpu_new (cpu_id=cpu_id@entry=2)"),
    ("print $a0", "$3 = 2"),
    ("delete", ""),
    ("thread 2", "percpu_new (cpu_id=cpu_id@entry=1)"),
    ("continue -a &", "exited normally"),
]


def non_stop(osabi):
    """Harts stop one by one while the others run; a stopped one stays where it is."""
    with Machine(HELLO, ["-S", "-smp", "4"]) as machine:
        machine.dialogue([(command, "") for command in OSABI[osabi]] + NON_STOP, FIRMWARE)
        status, out, _ = machine.end()
        expect_equal((status, out.count("hello: pass")), (0, 1), "the run")


def non_stop_packets():
    """The protocol of it: notifications one at a time, vCont;t, what is held does not move."""
    with Machine([FOREVER], ["-S", "-smp", "3"]) as machine:
        client = machine.connect()
        client.ask("qSupported:multiprocess+;swbreak+")
        client.silence()
        expect_equal(client.ask("QNonStop:1"), "OK", "QNonStop")
        in_order(client.ask("?"), "T00thread:p1.1;")
        expect_equal(client.ask("vStopped"), "OK", "vStopped")
        expect_equal(client.ask("qC"), "QCp1.1", "qC")
        in_order(client.packet(b"%").decode(), "Stop:T00thread:p1.2;")
        in_order(client.ask("vStopped"), "T00thread:p1.3;")
        expect_equal(client.ask("vStopped"), "OK", "vStopped")
        expect_equal(client.ask("vCont;c:p1.-1"), "OK", "vCont")
        time.sleep(0.2)
        expect_equal(client.ask("vCont;t:p1.2"), "OK", "vCont")
        in_order(client.packet(b"%").decode(), "Stop:T00thread:p1.2;")
        expect_equal(client.ask("vStopped"), "OK", "vStopped")
        expect_equal(client.ask("Hgp1.2"), "OK", "Hg")
        held = (number(client, 32), number(client, 66 + 0xb02))
        time.sleep(0.2)
        expect_equal((number(client, 32), number(client, 66 + 0xb02)), held, "the hart that is held")
        expect_equal(client.ask("vCont;s:p1.2"), "OK", "vCont")
        in_order(client.packet(b"%").decode(), "Stop:T05thread:p1.2;")
        expect_equal(client.ask("vStopped"), "OK", "vStopped")
        expect_equal(client.ask("vCtrlC"), "OK", "vCtrlC")
        in_order(client.packet(b"%").decode(), "Stop:T02thread:p1.")
        expect_equal(client.ask("vStopped"), "OK", "vStopped")
        client.send(frame("k"))
        expect_equal(machine.end()[0], 0, "exit status")


INFERIORS = [  # which of two locations at one address is 1.1 is GDB's affair: it orders them by where they are in its memory
    ("target extended-remote SOCKET", "0x0000000000001000"),
    ("set schedule-multiple on", ""),
    ("add-inferior -exec build/firmware.elf", "Reading symbols"),
    ("inferior 2", "Switching to inferior 2"),
    ("attach 2", "Attaching to program"),
    ("inferior 1", "#0"),
    ("break percpu_new", "2 locations"),
    ("continue", 'Thread 1.1 "hart 0" hit Breakpoint 1.'),
    ("continue", 'Thread 2.1 "hart 1" hit Breakpoint 1.'),
    ("info threads", "* 2.1  Thread 2.2"),
    ("stepi", "percpu.c"),
    ("info registers pc", "<percpu_new+2>"),
    ("delete", ""),
    ("continue", "exited normally"),
    ("info inferiors", "process 2"),
]


def inferiors(osabi):
    """harts=inferiors: the client attaches to the harts that it wants."""
    with Machine(HELLO, ["-S", "-smp", "3"], ",harts=inferiors") as machine:
        machine.dialogue([(command, "") for command in OSABI[osabi]] + INFERIORS, FIRMWARE)
        expect_equal(machine.end()[0], 0, "exit status")


def documents():
    """The documents are XML that says what there is."""
    with Machine(HELLO, ["-S", "-smp", "3"]) as machine:
        client = machine.connect()
        supported = client.ask("qSupported:multiprocess+")
        in_order(supported, "PacketSize=", "QStartNoAckMode+", "qXfer:features:read+", "qXfer:memory-map:read+", "QNonStop+", "multiprocess+")
        client.silence()
        target = ElementTree.fromstring(document(client, "features", "target.xml"))
        expect_equal([feature.get("name") for feature in target.iter("feature")],
                     ["org.gnu.gdb.riscv.cpu", "org.gnu.gdb.riscv.fpu", "org.gnu.gdb.riscv.csr", "rvsim.mstatus", "org.gnu.gdb.riscv.virtual"], "features")
        fields = {flags.get("id"): [field.get("name") for field in flags] for flags in target.iter("flags")}
        expect({"VTSR", "VTW", "VTVM", "HU", "SPVP", "SPV", "GVA"} < set(fields["hstatus_fields"]) and "MPV" in fields["mstatus_fields"], fields)
        threads = ElementTree.fromstring(document(client, "threads"))
        expect_equal([thread.get("id") for thread in threads], ["p1.1", "p1.2", "p1.3"], "threads")
        regions = [(region.get("type"), int(region.get("start"), 16), int(region.get("length"), 16)) for region in ElementTree.fromstring(document(client, "memory-map"))]
        at = 0
        for kind, start, length in regions:
            expect_equal(start, at, "no gap, for addresses may be virtual")
            expect_equal(kind, "rom" if start == 0x1000 else "ram", f"{start:#x}")
            at += length
        expect_equal(at, 1 << 64, "the map's end")
        expect(("ram", 0x80000000, 512 << 20) in regions, regions)
        expect_equal((client.ask("qfThreadInfo"), client.ask("qsThreadInfo")), ("mp1.1,p1.2,p1.3", "l"), "thread list")
        in_order(bytes.fromhex(client.ask("qThreadExtraInfo,p1.2")).decode(), "hart 1 M")
        expect_equal((client.ask("Tp1.3"), client.ask("qC"), client.ask("qAttached:1"), client.ask("Hgp1.2"), client.ask("qC")), ("OK", "QCp1.1", "1", "OK", "QCp1.2"), "threads")


def cases():
    for osabi in OSABI:
        for harts in (1, 4):
            tag = f"{harts}-{osabi}"
            yield f"breakpoints-{tag}", lambda harts=harts, osabi=osabi: breakpoints(harts, osabi)
            yield f"steps-{tag}", lambda harts=harts, osabi=osabi: steps(harts, osabi)
            yield f"looking-{tag}", lambda harts=harts, osabi=osabi: looking_changes_nothing(harts, osabi)
            yield f"back-{tag}", lambda harts=harts, osabi=osabi: back(harts, osabi)
            yield f"watchpoints-{tag}", lambda harts=harts, osabi=osabi: watchpoints(harts, osabi)
        yield f"non-stop-{osabi}", lambda osabi=osabi: non_stop(osabi)
        yield f"inferiors-{osabi}", lambda osabi=osabi: inferiors(osabi)
        yield f"every-hart-{osabi}", lambda osabi=osabi: every_hart_stops(osabi)
    for cpu in ("cva6", "rocket"):
        yield f"looking-{cpu}", lambda cpu=cpu: looking_changes_nothing(4, "none", ["--cpu", cpu])
    yield "looking-quantum-1", lambda: looking_changes_nothing(4, "default", ["--quantum", "1"])
    for options in ([], ["--cpu", "cva6"], ["-smp", "3", "--quantum", "1"]):
        yield "every-access" + "".join(options[-1:]), lambda options=options: every_access(options)
    yield "values-1", lambda: values_are_the_machines(1)
    yield "values-4", lambda: values_are_the_machines(4)
    for case in (writes, code_written_is_run, interrupt_detach_reattach, second_client, silent_client, junk, flood, ends, monitor, extended, documents, non_stop_packets, beginning, interrupted_command, tcp, spaces):
        yield case.__name__.replace("_", "-"), case
