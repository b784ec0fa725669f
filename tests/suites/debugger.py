"""The REPL, driven by pipes as a user's scripts drive it."""
import os
import pty
import select
import subprocess
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run

GUEST = [FIRMWARE, guest("hello")]


def repl(script, harts=2, options=()):
    """Everything the debugger said: it speaks on stderr, the guest on stdout."""
    return run([RVSIM, "-smp", str(harts), *options, "--debug", *GUEST], 120, stdin=script.encode())


def says(script, *texts, harts=2):
    status, out, err = repl(script, harts)
    at = 0
    for text in texts:
        found = err.find(text, at)
        expect(found >= 0, f"after `{texts[0]}`: no {text!r} in\n{err[-3000:]}")
        at = found + len(text)
    return status, out, err


def translate_hidden():
    """What a fault would bring is told, and what of it this hart does not write."""
    script = b"catch world VS\ncontinue\ntranslate 0x10000000 w\nquit\n"
    for options, hidden in (([], ""), (["--set", "tval=zero", "--set", "tval2=zero"], " (this hart writes 0: htval)")):
        _, _, err = run([RVSIM, "--debug", *options, FIRMWARE, guest("smp")], 60, script)
        expect(f"htinst transformed instruction or 0x0{hidden}\n" in err, f"not {hidden!r} in\n{err[-2000:]}")


def leaves_state_unchanged():
    """Errors are one line each, and change nothing."""
    errors = ["bogus", "print 1/0", "print nosuch", "print $nosuch", "hart 9", "x/4z 0", "x 0x10", "translate zzz", "translate 0 write", "translate 0 11", "step 1 hart 2", "csr nosuch",
              "delete 99", "break", "break nosuch", "watch 0x10", "catch nothing", "catch world XX", "catch csr nosuch", "step 0",
              "until", "source /nonexistent", "info nosuch", "trace maybe", "help nosuch", "print (1", "print 0x1z", "print 0x10000000000000000", "source /"]
    place = "step 100\n"
    _, _, plain = repl(place + "info regs\ninfo harts\nquit\n")
    _, _, noisy = repl(place + "\n".join(errors) + "\ninfo regs\ninfo harts\nquit\n")
    noise = noisy.splitlines()[1:-(len(plain.splitlines()) - 1)]
    expect_equal(len(noise), len(errors), f"lines said about {len(errors)} errors: {noise}")
    expect_equal(noisy.splitlines()[len(errors) + 1:], plain.splitlines()[1:], "state after errors")


def no_prompt_and_no_guest_text_on_stderr():
    status, out, err = repl("continue\nquit\n")
    expect("(rvsim)" not in err and "(rvsim)" not in out, "a prompt was echoed to a pipe")
    expect("hello: pass" in out and "hello: pass" not in err, "the guest's console is not on stdout alone")
    expect_equal(status, 0, "exit status after the machine powered off")


def terminal_completes():
    """On a terminal: Tab completes commands, CSRs and symbols, and lists what is ambiguous."""
    master, slave = pty.openpty()
    debugger = subprocess.Popen([RVSIM, "--debug", *GUEST], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.write(master, b"csr mtve\t\nunt\thypervisor_ent\t\ncsr mtva\t\t\t\nprint hello:guest_mai\t- 1\nquit\n")
    said = b""
    while select.select([master], [], [], 60)[0]:
        try:
            said += os.read(master, 65536)
        except OSError:  # the other side is gone
            break
    expect_equal(debugger.wait(60), 0, "exit status")
    text = said.decode()
    for wanted in ("mtvec (0x305)", "<hypervisor_entry>: ", "mtval   mtval2", "mtval (0x343)", "hello:guest_main - 1"):
        expect(wanted in text, f"no {wanted!r} in\n{text}")


def planted_leak():
    """The tp file tells both values at a world switch."""
    says("catch world VS\ncontinue\ninfo tp\ninfo percpu\nquit\n", "HS -> VS", "the hypervisor's 0x", "hart 0  slot")
    _, _, err = repl("catch world VS\ncontinue\ninfo percpu\nquit\n")
    expect("NOT its slot" not in err, err)


def why_after_a_change():
    """`why` tells of a trap as it was: by the time it is asked, the handler may have changed the delegation."""
    script = "catch trap 9\ncontinue\nstep 3\nprint $medeleg\nwhy\ncontinue\nwhy\nquit\n"
    _, _, err = run([RVSIM, "--debug", "build/debug/why.elf"], 60, stdin=script.encode())
    first = "ecall from HS-mode (exception 9) in HS went to M: medeleg[9]=0"
    second = "ecall from HS-mode (exception 9) in HS went to HS: medeleg[9]=1, and V=0, so hedeleg does not count"
    at = err.find("0x200 512")
    expect(0 <= at < err.find(first) < err.find(second), err)


def stale_tlb():
    """translate asks the tables, and says where a TLB that no fence has emptied goes another way."""
    script = b"break stale\ncontinue\ntranslate word r HS\ntranslate word w M\nquit\n"
    err = run([RVSIM, "--debug", "build/debug/stale.elf"], 60, stdin=script)[2]
    tables, _, machine = err.partition("V is clear\nload page fault: cause 13")
    expect("but the TLB still has 0x8000" in machine and "dram, store of 1 byte" in machine, err)
    expect_equal(machine.count("the TLB"), 1, err)


def guests_names():
    """An address of a guest has the name that the guest which runs gives it, and never the firmware's."""
    script = b"catch world VS\ncontinue\nprint hello:guest_main + 2\nquit\n"
    for others, named in [([], True), ([guest("hello")], True), ([guest("smp")], True)]:
        err = run([RVSIM, "--debug", FIRMWARE, guest("hello"), *others], 60, stdin=script)[2]
        expect(("<guest_main+0x2>" in err) == named, f"hello with {others}: {err}")
    script = b"print smp:guest_main\nbreak smp:guest_main\ncontinue\nprint hello:guest_main + 2\nquit\n"
    err = run([RVSIM, "--debug", FIRMWARE, guest("hello"), guest("smp")], 60, stdin=script)[2]
    expect("<guest_main>: " in err and "<guest_main+" not in err, f"the other's name, or none: {err}")
    # a program that holds its guest itself: its own symbols, where they were linked
    err = run([RVSIM, "--debug", "build/debug/tlb.elf"], 60, stdin=b"catch world VS\ncontinue\nquit\n")[2]
    expect("<guest>" in err, err)


def numbers_are_no_names():
    """Absolute symbols, and what lies behind a program's end."""
    _, _, err = repl("print percpu_slot_size\nprint __image_end + 0x100000\nprint 0x40000000\nprint hypervisor_entry + 2\nquit\n")
    lines = err.splitlines()[-4:]
    expect(not any("<" in line for line in lines[:3]) and "<hypervisor_entry+0x2>" in lines[3], err)


def cases():
    yield "step", lambda: says("step\nstep 3\n\ninfo regs\nquit\n", "hart 0 M cycle 1 ", "cycle 4 ", "cycle 7 ", "zero 0x0000")
    yield "break", lambda: says("break hypervisor_entry\ncontinue\ninfo breakpoints\nquit\n", "breakpoint 1 at 0x",
                                "breakpoint 1: hypervisor_entry", "hart 0 HS", "<hypervisor_entry>", "hit 1 times")
    yield "break-if", lambda: says("break percpu_new if $a0 == 1\ncontinue\nprint $a0\nquit\n", "breakpoint 1: percpu_new", "0x1 1")
    yield "tbreak", lambda: says("tbreak percpu_new\ncontinue\ninfo breakpoints\nquit\n", "breakpoint 1", "no stop points")
    yield "catch-world", lambda: says("catch world VS\ncontinue\nquit\n", "HS -> VS, catchpoint 1", "VS", "<_start>")
    yield "catch-trap", lambda: says("catch trap 10\ncontinue\nwhy\nquit\n", "ecall from VS-mode in VS, catchpoint 1", "_guest_exit",
                                     "medeleg[10]=1, hedeleg[10]=0")
    yield "catch-csr", lambda: says("catch csr hgatp\ncontinue\nquit\n", "hgatp = 0x")
    yield "catch-irq", lambda: says("catch irq\ncontinue\nquit\n", "irq lines = 0x", "catchpoint 1: irq")
    yield "catch-tp", lambda: says("catch tp\ncontinue\nquit\n", "tp = 0x", "catchpoint 1: tp")
    yield "watch", lambda: says("watch percpu_base+8\ncontinue\ncontinue\nquit\n", "0x0 -> 0xffffffffffffffff, watchpoint 1",
                                "0xffffffffffffffff -> 0x80200000, watchpoint 1")
    # 8 bytes are written at once: a watch of 4 bytes sees its half
    yield "watch-size", lambda: says("watch percpu_base+8 4\ncontinue\nquit\n", "4 bytes", "0x0 -> 0xffffffff, watchpoint 1")
    yield "comments", lambda: expect(says("# nothing\n  # nothing\nprint 7\nquit\n", "0x7 7")[0] == 0, "a comment is a command")
    yield "csr-fields", lambda: says("csr mstatus\ncsr hgatp\nquit\n", "mstatus (0x300)", "MPP", "FS", "hgatp (0x680)", "VMID", "MODE")
    yield "translate", lambda: says("catch world VS\ncontinue\ntranslate 0x80200000 x\ntranslate 0x10000000 w\nquit\n",
                                    "VS-stage bare", "G -stage level 2: PTE at", "leaf", "-> gpa 0x80200000 -> pa 0x",
                                    "store/AMO guest-page fault: cause 23", "gpa 0x10000000")
    yield "translate-hidden", translate_hidden
    yield "memory", lambda: says("x/2i $pc\nxp/4xw 0x80000000\ndisas _run_guest 3\nx/s 0x80000000\nquit\n", "auipc", "0x0000000080000000:",
                                 "<_run_guest>")
    yield "memory-lines", lambda: says("x/6w 0x80000000\nx/3g 0x80000000\nprint 7\nquit\n", "0x0000000080000000: 0x30401073 0xf1402573 0x",
                                       "\n0x0000000080000010: 0x", "\n0x0000000080000000: 0xf140257330401073 0x",
                                       "\n0x0000000080000010: 0x", "\n0x7 7")
    # at the first trap behind the guest's entry s0 and s1 differ
    yield "expressions", lambda: says("catch world VS\ncontinue\ncatch trap\ncontinue\nprint $s1 != $s0\nprint $fp == $s0\n"
                                      "print 10 - 3 - 2\nprint 100 / 5 / 2\nprint 2 + 3 * 4 - 1\nprint 1 << 4 >> 2\nquit\n",
                                      "_guest_exit", "0x1 1\n0x1 1\n0x5 5\n0xa 10\n0xd 13\n0x4 4\n")
    yield "harts", lambda: says("continue 300000\nhart 1\ninfo harts\nstep 5\nquit\n", "hart 1", "* hart 1", "hart 1")
    yield "step-world", lambda: says("step world\nstep trap\nwhy\nquit\n", "hart 0 HS", "hart 0 M", "ecall from HS-mode")
    yield "next-finish-until", lambda: says("until percpu_new\nnext\nfinish\nquit\n", "<percpu_new>", "hart 0 HS", "hart 0 HS")
    yield "info", lambda: says("info irq\ninfo mtree\ninfo tlb\ninfo zones\ninfo stats\ninfo csr\ninfo fregs\nquit\n", "machine timer interrupt",
                               "dram", "hits", "VMID", "trace hash", "misa", "ft0")
    yield "help", lambda: says("help\nhelp translate\nquit\n", "step", "translate", "every PTE of both stages")
    yield "debug-cmd", lambda: expect("hart 0 HS" in run([RVSIM, "--debug-cmd", "break hypervisor_entry; continue; quit", *GUEST])[2],
                                      "--debug-cmd did not run")
    yield "errors", leaves_state_unchanged
    yield "pipe", no_prompt_and_no_guest_text_on_stderr
    yield "why-after-a-change", why_after_a_change
    yield "terminal", terminal_completes
    yield "tp-file", planted_leak
    yield "stale-tlb", stale_tlb
    yield "guests-names", guests_names
    yield "numbers-are-no-names", numbers_are_no_names
