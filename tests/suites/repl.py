"""The REPL's manners: stop points that are managed, commands at stops, abbreviations, help, junk, the terminal."""
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run

GUEST = [FIRMWARE, guest("hello")]
CTRL_C = b"\x03"


def repl(*commands, options=("-smp", "2"), files=GUEST):
    """Exit status, and what the debugger said, line by line."""
    script = "".join(command + "\n" for command in (*commands, "quit"))
    status, _, err = run([RVSIM, *options, "--debug", *files], 120, stdin=script.encode())
    return status, [line for line in err.splitlines() if not line.startswith("rvsim: reading")]


def said(*commands, **others):
    return repl(*commands, **others)[1]


def has(lines, *texts):
    """Each of the texts in a line behind that of the one before."""
    at = 0
    for text in texts:
        while at < len(lines) and text not in lines[at]:
            at += 1
        expect(at < len(lines), f"no {text!r} in its turn in\n" + "\n".join(lines[-60:]))
        at += 1


def enabled_and_ignored():
    """What is disabled stops nothing and costs no hits; ignored hits are counted."""
    lines = said("break percpu_new", "disable 1", "tbreak _run_guest", "continue", "info breakpoints", "enable", "info breakpoints")
    has(lines, "breakpoint 2: _run_guest", "1   break  percpu_new (disabled), hit 0 times", "1   break  percpu_new, hit 0 times")
    lines = said("break percpu_new", "ignore 1 1", "continue", "print $a0", "info breakpoints", options=("-smp", "4"))
    has(lines, "breakpoint 1: percpu_new", "0x1 1", "1   break  percpu_new, hit 2 times")
    has(said("catch csr hgatp", "catch trap 10", "disable 1-2", "enable 2", "continue"), "ecall from VS-mode in VS, catchpoint 2")
    # of a watchpoint that was disabled the value of then is forgotten
    has(said("watch phys &percpu_base 8", "disable", "until _run_guest", "enable", "tbreak _guest_exit", "continue"),
        "breakpoint 2: _guest_exit")


def conditions():
    """condition N EXPR, and none again."""
    lines = said("break percpu_new", "condition 1 $a0 == 2", "info breakpoints", "continue", "print $a0", "condition 1", "continue",
                 "print $a0", "condition 1 nosuch", options=("-smp", "4"))
    has(lines, "break  percpu_new if $a0 == 2, hit 0", "breakpoint 1: percpu_new if $a0 == 2", "0x2 2", "breakpoint 1: percpu_new", "0x3 3",
        "no symbol `nosuch'")


def obeyed():
    """commands ... end: silent ones, those that go on, those of a point met once; in pipes and in --debug-cmd."""
    lines = said("break percpu_new", "commands", "silent", "output $a0", "echo , met", "continue", "end", "tbreak _run_guest", "commands 2",
                 "echo at the guest", "end", "info breakpoints", "continue", options=("-smp", "4"))
    has(lines, "1   break  percpu_new, hit 0 times", "        silent", "        continue", "0x0 0, met", "0x1 1, met", "0x2 2, met", "0x3 3, met",
        "breakpoint 2: _run_guest", "at the guest")
    expect(not any("breakpoint 1:" in line for line in lines if " at " not in line), "silent stops were told")
    text = "break percpu_new; commands 1; echo once; end; continue; quit"
    _, _, err = run([RVSIM, "-smp", "2", "--debug-cmd", text, *GUEST], 60)
    has(err.splitlines(), "breakpoint 1: percpu_new", "once")
    # a list that fails is left; a list within a list; an end that is missing
    has(said("break percpu_new", "commands", "nosuch", "echo not here", "end", "continue", "echo behind"), "no command `nosuch'", "behind")
    lines = said("break percpu_new", "commands", "tbreak _run_guest", "commands", "echo inner", "end", "continue", "end", "continue",
                 options=("-smp", "1"))
    has(lines, "breakpoint 1: percpu_new", "breakpoint 2: _run_guest", "inner")
    status, lines = repl("break percpu_new", "commands", "echo x")
    has(lines, "commands 1: there is no `end'")
    expect_equal(status, 6, "exit status of a list without an end")
    has(said("commands", "commands 4", "commands x", "ignore 1", "disable 3-1"), "commands: no stop points", "no stop point 4",
        "`x' is no number", "no stop point 1", "no number of a stop point: `3-1'")


def unchanged_by_commands():
    """A run whose stops all go on is the run without them."""
    stats = []
    with tempfile.TemporaryDirectory() as folder:
        for script in ("continue\n", "break _run_guest\ncommands\nsilent\ninfo harts\ncontinue\nend\ncontinue\n"):
            path = os.path.join(folder, "stats")
            run([RVSIM, "-smp", "2", "--stats", path, "--debug", *GUEST], 120, stdin=script.encode())
            stats.append(re.search(r'"trace_hash": *"?(\w+)', open(path).read())[1])
    expect_equal(stats[0], stats[1], "trace hash")


def named():
    """Aliases and abbreviations as gdb's; what is ambiguous is said."""
    has(said("si 3", "stepi", "ni", "b hypervisor_entry", "i b", "c", "where 1", "i r", "p 7", "thread 1", "info threads", "p $mode == $M", "di 1"),
        "cycle 3 ", "cycle 4 ", "cycle 5 ", "breakpoint 1 at", "break  hypervisor_entry", "breakpoint 1: hypervisor_entry", "#0 ", "zero 0x",
        "0x7 7", "hart 1", "* hart 1", "0x1 1", "ambiguous command `di': disable, disas")
    for abbreviation, name in (("s", "step"), ("n", "next"), ("c", "continue"), ("b", "break"), ("d", "delete"), ("i", "info"), ("f", "frame"),
                               ("u", "until"), ("fin", "finish"), ("p", "print"), ("l", "list"), ("x", "x"), ("disas", "disas"), ("q", "quit"),
                               ("bt", "bt"), ("dis", "disable"), ("cond", "condition"), ("ign", "ignore"), ("tb", "tbreak"), ("wat", "watch"),
                               ("rc", "reverse-continue"), ("rsi", "reverse-step"), ("advance", "until"), ("disassemble", "disas"),
                               ("backtr", None), ("di", None), ("re", None)):
        lines = said(f"help {abbreviation}")
        expect(any(line.startswith(name or ("no command", "ambiguous command")[abbreviation in ("di", "re")]) for line in lines),
               f"help {abbreviation}: {lines}")


def helped():
    """help by groups, of a command, of a topic of info."""
    lines = said("help")
    has(lines, "Running:", "step ", "Stop points:", "break ", "commands", "Looking at it:", "info ", "The debugger:", "quit ")
    has(said("help info ha", "help info nosuch", "help nosuch", "help step"), "info harts", "info nosuch: no such topic", "no command `nosuch'",
        "also called si, stepi")


def junk():
    """What is no line of text gets one complaint, and the rest is read on."""
    for line, complaint in ((b"print " + b"1" * 10_000_000, "line 2 is longer than 65535 bytes"), (b"print \0 1", "line 2 has a byte 0"),
                            (b"print " + b"(" * 30000, None), (b"print " + b"-" * 30000 + b"1", None), (b"x/" + b"9" * 30000 + b"x 0", None),
                            (b"\xff\xfe\x01" * 1000, "no command")):
        status, _, err = run([RVSIM, "--debug", *GUEST], 60, b"echo first\n" + line + b"\necho last\nquit\n")
        lines = err.splitlines()
        expect_equal(len(lines), 3, f"lines about {line[:20]!r}: {[text[:200] for text in lines]}")
        expect(lines[0] == "first" and lines[2] == "last" and (not complaint or complaint in lines[1]), f"{line[:20]!r}: {lines[1][:200]}")
        expect(len(lines[1]) < 500, f"{line[:20]!r}: a complaint of {len(lines[1])} bytes")
        expect_equal(status, 6, "exit status")
    status, _, err = run([RVSIM, "--debug-cmd", "/dev/zero", *GUEST], 60)
    expect(status == 2 and "not lines of text" in err, f"/dev/zero: {status} {err}")


def watched():
    """Registers of a hart, CSRs, physical memory; each stop is where it changed."""
    lines = said("watch $mscratch", "continue", "print $mscratch", "delete", "watch $tp", "continue", "print $tp", options=("-smp", "1"))
    has(lines, "watchpoint 1: $mscratch of hart 0", "0x0 -> 0x8000c010, watchpoint 1: $mscratch", "0x8000c010 ", "watchpoint 2: $tp of hart 0",
        "0x0 -> 0x8005a0ca, watchpoint 2: $tp", "0x8005a0ca ")
    # another hart's register of that name is not meant
    lines = said("hart 1", "watch $sscratch", "continue", "print $sscratch", "hart 0", options=("-smp", "2"))
    has(lines, "watchpoint 1: $sscratch of hart 1", "watchpoint 1: $sscratch", "hart 1 ")
    # each step, so that a pc is one, too
    has(said("watch $pc", "continue", "continue"), "0x1000 -> 0x1004, watchpoint 1: $pc", "hart 0 M cycle 1 ", "0x1004 -> 0x1008")
    # physical memory of the hypervisor, from a guest in which that address is something else
    lines = said("catch world VS", "continue", "watch phys &percpu_base 8", "watch phys 0x80000000 4", "watch phys 0x10000000",
                 "watch phys 0x80000000 9", "watch", "watch $tp 8", "watch -l nosuch")
    has(lines, "watchpoint 2 at physical 0x8005a000, 8 bytes", "watchpoint 3 at physical 0x80000000, 4 bytes", "cannot read 0x10000000",
        "a watchpoint has 1 to 8 bytes", "watch VAR | $REG", "what is `8'?", "no symbol `nosuch'")
    # back in time to before it changed
    lines = said("until percpu_new", "watch $a0", "reverse-continue", "print $a0", "step", "print $a0", options=("-smp", "1"))
    has(lines, "watchpoint 1: $a0", "-> ")


def counted():
    """Numbers of steps that are none are refused, and the machine stays where it is."""
    lines = said("step 5", "step -1", "next -1", "step line -1", "next line 0", "next 0", "finish 3", "continue -1", "print $pc")
    has(lines, "cycle 5 ", "step: -1 is no number of steps (reverse-step goes back)", "next: -1 is no number", "step: -1 is no number",
        "next 0 is no step", "next 0 is no step", "finish takes no argument", "continue: -1 is no number of cycles", "0x1014 ")
    expect_equal(len(lines), 9, "lines")


def applied():
    """A command for several harts, and some registers alone; what takes no argument is told what it does not."""
    lines = said("hart 1", "hart apply all print $mhartid", "thread apply 0-1 3 info registers pc a0", "hart", "hart apply 1 nosuch", "hart apply 4 info tp",
                 "hart apply all", "hart apply 2-1 info tp", "info registers -a", "info registers x33", "info harts 1", "stop now", options=("-smp", "4"))
    text = "\n".join(lines)
    expect(re.search(r"hart 0:\n0x0 0.*\nhart 1:\n0x1 1.*\nhart 2:\n0x2 2.*\nhart 3:\n0x3 3", text), text)
    expect(re.search(r"hart 0:\npc   0x0{12}1000\na0   0x0{16}\nhart 1:\npc   0x0{12}1000\na0   0x0{15}1\nhart 3:\n", text), text)
    expect(len(re.findall(r"^pc   ", text, re.M)) == 3 + 4, text)
    has(lines, "hart 1 M cycle 0", "hart 1:", "no command `nosuch'", "`4': harts are 0 to 3", "hart apply all|H|H-H", "`2-1': harts are 0 to 3",
        "harts takes no argument: what is `1'", "stop takes no argument")


def examined():
    """x: strings by number, on from where it stopped, without bound refused."""
    where = "0x80008f00"
    lines = said(f"xp/512xb {where}", f"x/3s {where}", "x", f"x/2xw {where}", "", "x", "x/2xb", "x/999999999999x 0")
    data = bytes(int(byte, 16) for line in lines[0:32] for byte in line.split()[1:])
    texts, at = [], 0
    for _ in range(4):
        end = data.index(b"\0", at)
        texts.append(f"0x{int(where, 16) + at:016x}: " + '"' +
                     "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in data[at:end]) + '"')
        at = end + 1
    expect_equal(lines[32:36], texts, "strings")

    def word(offset):
        return f"0x{int.from_bytes(data[offset:offset + 4], 'little'):08x}"

    def address(offset):
        return f"0x{int(where, 16) + offset:016x}: "
    expect_equal(lines[36:40], [address(0) + word(0) + " " + word(4), address(8) + word(8) + " " + word(12), address(16) + word(16),
                                address(20) + f"0x{data[20]:02x} 0x{data[21]:02x}"], "on from there")
    expect("`999999999999' is too many" in lines[40], lines[40])
    expect("x: which address?" in said("x")[1 - 1], "x of nothing")


def disassembled():
    """disas FUNCTION: all of it, from the file of the program whose it is where the hart runs another."""
    theirs = run(["riscv64-unknown-elf-objdump", "-d", guest("hello"), "--disassemble=guest_main"])[1]
    insns = [(int(address, 16), word) for address, word in re.findall(r"^ +([0-9a-f]+):\t([0-9a-f]+)", theirs, re.M)]
    for place in ("catch world VS", "tbreak _guest_exit"):
        lines = said(place, "continue", "disas hello:guest_main")
        ours = [(int(address, 16), word) for address, word in re.findall(r"^(0x[0-9a-f]+) <guest_main[^>]*>: ([0-9a-f]+)  ", "\n".join(lines), re.M)]
        expect_equal(ours, insns, f"guest_main after {place}")
        expect_equal("(hart 0 is elsewhere: as the file build/guests/hello.elf has it)" in lines, place.startswith("tbreak"), "said so")
    lines = said("catch world VS", "continue", "disas percpu_new 2", "disas 0x80000864 1", "disas percpu_new + 2 1", "disas", "disas/q percpu_new")
    has(lines, "(hart 0 is elsewhere: as the file build/firmware.elf has it)", "<percpu_new>: ", "<percpu_new+0x2>: ", "0x0000000080000864",
        "<percpu_new+0x2>: ", "no `/q': /s")
    lines = said("disas /s percpu_new")
    has(lines, "firmware/cpu/percpu.c:12\t", "<percpu_new>: ", "firmware/cpu/percpu.h:", "<percpu_new+0x4>: ", "c.jr\tra")


def typed(keys, environment=None, files=GUEST, folder=None, first=None):
    """What a terminal shows: `keys` are typed at once; each of `first` before them, once its text has been shown."""
    master, slave = pty.openpty()
    environment = {**os.environ, "RVSIM_HISTORY": "", **(environment or {})}
    debugger = subprocess.Popen([os.path.abspath(RVSIM), "--debug", *map(os.path.abspath, files)], stdin=slave, stdout=slave, stderr=slave,
                                env=environment, cwd=folder)
    os.close(slave)
    said, steps = b"", [*(first or []), (b"(rvsim) ", keys)]
    seen = 0
    while select.select([master], [], [], 60)[0]:
        try:
            said += os.read(master, 65536)
        except OSError:  # the other side is gone
            break
        if steps and steps[0][0] in said[seen:]:
            seen = len(said)
            step = steps.pop(0)[1]
            if step == CTRL_C:  # the terminal is not this session's own
                debugger.send_signal(signal.SIGINT)
            else:
                os.write(master, step)
    expect_equal(debugger.wait(60), 0, "exit status")
    os.close(master)
    return re.sub("\x1b\\[[?0-9]*[a-zA-Z]", "", said.decode()).replace("\r", "")


def completed():
    """Tab completes what the command takes."""
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "commands-of-mine"), "w").write("echo from the file\n")
        text = typed(b"info ha\t\ncsr mtve\t\ncatch trap load-g\t\ncatch csr vsat\t\nprint $mscr\t+ 1\nbreak hypervisor_ent\t\nhelp info chec\t\n"
                     b"catch sw\the\t\nsource comm\t\nhelp rev\ts\t\nsymbol-file x zone hel\t\ntb hello:guest_m\t\ninfo bre\t\nquit\n", folder=folder)
    has(text.split("\n"), "(rvsim) info harts", "* hart 0", "mtvec (0x305)", "catchpoint 1: trap load-guest-page-fault", "catchpoint 2: csr vsatp",
        "0x1 1", "breakpoint 3 at", "info checkpoints ", "catchpoint 4: switch hello", "from the file", "reverse-step", "zone hello",
        "breakpoint 5 at", "1   catch ")


def remembered():
    """Lines typed come back in the next session; scripts leave none, and an empty name keeps nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "history")
        typed(b"echo first\nquit\n", {"RVSIM_HISTORY": path})
        text = typed(b"\x1b[A\x1b[A\nquit\n", {"RVSIM_HISTORY": path})
        expect("\nfirst\n" in text, text)
        lines = open(path).read().splitlines()
        expect_equal([line for line in lines if not line.startswith("#")], ["echo first", "quit", "echo first", "quit"], "history")
        expect_equal(os.stat(path).st_mode & 0o77, 0, "others may read it")
        open(path, "w").write("".join(f"echo {i}\n" for i in range(3000)))
        typed(b"quit\n", {"RVSIM_HISTORY": path})
        expect_equal(len(open(path).read().splitlines()), 1000, "lines kept")
        run(["env", "-u", "RVSIM_HISTORY", f"HOME={folder}", RVSIM, "--debug", *GUEST], 60, b"echo script\nquit\n")
        expect(not os.path.exists(os.path.join(folder, ".rvsim_history")), "scripts leave a history")
        typed(b"quit\n", {"HOME": folder, "RVSIM_HISTORY": ""})
        expect(not os.path.exists(os.path.join(folder, ".rvsim_history")), "RVSIM_HISTORY= keeps one")
        os.mkfifo(os.path.join(folder, "fifo"))
        has(typed(b"quit\n", {"RVSIM_HISTORY": os.path.join(folder, "fifo")}).split("\n"), "fifo: the history cannot be kept there")


def listed():
    """commands ... end at a terminal: a prompt of its own, and ctrl-C leaves the list."""
    steps = [(b"(rvsim) ", b"break hypervisor_entry\ncommands\n"), (b"h>", b"echo once\n"), (b"h>", CTRL_C),
             (b"(rvsim) ", b"commands\necho twice\nend\ncontinue\n")]
    text = typed(b"quit\n", first=steps)
    expect("\ntwice\n" in text and "\nonce\n" not in text, text)
    expect("^C\n(rvsim) " in text, text)


def interleaved():
    """In one pipe the guest's text and the debugger's come in their order, and what stops in a line of the guest's begins its own."""
    script = b"expect greet\nstep\nstep\necho mark\nbreak sbi_srst\ncontinue\nquit\n"
    result = subprocess.run([RVSIM, "--debug", *GUEST], input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    text = result.stdout.decode()
    expect(re.search(r"\nhello: greet\nhart 0 .*\nhart 0 .*\nmark\nbreakpoint 1 at .*\nings from supervisor mode\nhello: memory", text), text)
    has(text.split("\n"), "hello: pass", "breakpoint 1: sbi_srst")
    # into two pipes nothing is added
    _, out, err = run([RVSIM, "--debug", *GUEST], 60, script)
    expect("hello: greetings from supervisor mode\n" in out and "\n\n" not in err, out + err)


def interrupted():
    """ctrl-C ends what shows much."""
    text = typed(b"quit\n", first=[(b"(rvsim) ", b"xp/16000000xb 0x80000000\n"), (b"0x0000000080000200:", CTRL_C), (b"(rvsim) ", b"echo done\n")])
    expect("\ndone\n" in text and "0x0000000080f42300" not in text, text[-500:])
    # not before the list is obeyed: its lines are echoed as they are typed
    text = typed(b"quit\n", first=[(b"(rvsim) ", b"break percpu_new\ncommands\nsilent\necho again\ngoto start\ncontinue\nend\ncontinue\n"),
                                    (b"again\r\nhart 0", CTRL_C), (b"(rvsim) ", b"echo done\n")])
    expect("\ndone\n" in text, text[-500:])


def cases():
    yield "interleaved", interleaved
    yield "interrupted", interrupted
    yield "completed", completed
    yield "remembered", remembered
    yield "listed", listed
    yield "watched", watched
    yield "counted", counted
    yield "examined", examined
    yield "applied", applied
    yield "disassembled", disassembled
    yield "enabled-and-ignored", enabled_and_ignored
    yield "conditions", conditions
    yield "obeyed", obeyed
    yield "unchanged-by-commands", unchanged_by_commands
    yield "named", named
    yield "helped", helped
    yield "junk", junk
