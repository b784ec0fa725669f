"""10,000 random lines for the REPL and 10,000 packets for GDB's stub, the same each time, under sanitizers:
commands with real names and expressions over them, sessions' packets; some of each mutated."""
import os
import random
import re
import socket
import sys
import tempfile
import time
from gdb_client import Machine, wait_for
from suites.tools import FIRMWARE, expect, guest, run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz"))
import seeds  # noqa: E402

ASAN = os.path.abspath("build/asan/rvsim")
REPORT = re.compile(r"AddressSanitizer|runtime error|LeakSanitizer|UndefinedBehavior")
NAMES = {"unseen_gcc0": "vms percpus vm info cpu counter log_words ops state_names made i address main dispatch boot_cpu handle_call mix log_word depth_of trapped".split(),
         "unseen_gcc2": "vms percpus cpu total made word wrapped vm main dispatch add_many make_info list_add log_word trapped".split(),
         "classes": "given pair outer::inner::counter outer::Shape::area outer::Shape this letters measure main size".split(),
         "crate": "cpu percpu::CPU crate::percpu::look percpu::State crate::main extra".split(),
         "hypervisor": "hypervisor_main vcpu_run percpu_area _guest_exit hello:guest_main zone_create $vsatp $hgatp".split()}
FIELDS = "link.next ops->handlers[1] name state memory[1].base last.parts.low exits[2] share weights current->last shape[1].inner.letter queue.prev frame->x".split()
VERBS = """step next finish until continue reverse-step reverse-next reverse-finish reverse-continue goto checkpoint restart last hart thread bt frame up down break
tbreak watch rwatch awatch catch delete enable disable ignore condition commands info csr x xp disas list directory print output ptype whatis set display undisplay translate
why add-symbol-file symbol-file assert type echo help system_reset phys zone p b c s n i end""".split()
TOPICS = """harts regs fregs csr breakpoints tlb cache percpu zones vcpus irq mtree stats gstage pt tp line symbol source locals args display frame checkpoints""".split()


def expression(generator, names, depth=0):
    pick = generator.random()
    if depth > 3 or pick < 0.45:
        return generator.choice([generator.choice(names), "$pc", "$sp", "$tp", "$mstatus", "$mode", "0x80000080", "-1", "0", "18446744073709551615", "1.5", "'a'", str(generator.randrange(1 << 64))])
    inner = expression(generator, names, depth + 1)
    other = expression(generator, names, depth + 1)
    return generator.choice([f"{inner}.{generator.choice(FIELDS)}", f"*{inner}", f"&{inner}", f"({inner})", f"{inner}[{other}]", f"{inner}->{generator.choice(FIELDS)}",
                             f"{inner} {generator.choice('+ - * / % << >> & | ^ == < >= && ||'.split())} {other}", f"-{inner}", f"~{inner}", f"sizeof({inner})",
                             f"({generator.choice(['int', 'char *', 'struct vm *', 'enum vm_state', 'float', 'struct percpu'])}){inner}", f"{inner}@{generator.randrange(9)}"])


def line(generator, names):
    verb = generator.choice(VERBS)
    if verb in ("info", "i"):
        text = f"{verb} {generator.choice(TOPICS)} {generator.choice(['', '-json', expression(generator, names)])}"
    elif verb in ("step", "next", "s", "n", "reverse-step", "reverse-next", "continue", "c", "goto"):
        text = f"{verb} {generator.choice(['', '1', 'line', '7', '300', '-3', '+20', 'start', 'x', expression(generator, names)])}"
    elif verb == "list" or verb in ("break", "tbreak", "b", "until"):
        text = f"{verb} {generator.choice([generator.choice(names), 'unseen.c:%d' % generator.randrange(260), '*' + expression(generator, names), '12,14'])}"
        text += generator.choice(["", " if " + expression(generator, names)])
    elif verb == "catch":
        text = f"catch {generator.choice(['trap 10', 'exit', 'switch', 'world VS', 'csr mepc', 'tp', 'irq', 'trap 99', 'nothing'])}"
    elif verb == "set":
        text = f"set {expression(generator, names)} = {expression(generator, names)}"
    elif verb == "hart" and generator.random() < 0.5:
        text = f"hart apply {generator.choice(['all', '0', '0-9', 'x'])} {line(generator, names)}"
    else:
        text = f"{verb}{generator.choice(['', '', '/x', '/3s', '/9999999d', '/i'])} {expression(generator, names)}"
    if generator.random() < 0.1 and text:
        at = generator.randrange(len(text))
        text = text[:at] + generator.choice(["", "\x00", "\xff", "((((", '"', "\\", "%s", "\t", text * 3]) + text[at + generator.randrange(2):]
    return text.replace("\n", " ")


def lines(name, batch):
    """`next line` where no line ends goes on for ever, as it should: a limit ends the machine then, and the rest is said of that."""
    generator = random.Random(f"{name} {batch}")
    words = [FIRMWARE, guest("hello")] if name == "hypervisor" else [f"build/source/{name}.elf"]
    said = [line(generator, NAMES[name]) for _ in range(250)]
    said = [re.sub(r"^(reverse-\w+) \d{4,}$", r"\1 9", text) for text in said]  # right, and long
    said = [text + "\nprint 1\nend" if text.startswith("comm") else text for text in said]
    with tempfile.TemporaryDirectory() as folder:
        status, out, err = run(["env", "-C", folder, ASAN, "--debug", "--max-insns", "1000000", *map(os.path.abspath, words)], 300, ("\n".join([*said, "end", "echo all were read", "quit"]) + "\n").encode("latin-1"))
    expect(0 <= status < 99 and "all were read" in out + err and not REPORT.search(out + err), f"{name}, batch {batch}: status {status}\n{err[-3000:]}")


def packet(generator):
    text = generator.choice(seeds.PACKETS).encode("latin-1")
    if generator.random() < 0.1:
        text = b"qRcmd," + line(generator, NAMES["unseen_gcc2"]).encode("latin-1").hex().encode()
    if generator.random() < 0.4 and text:
        at = generator.randrange(len(text))
        text = text[:at] + bytes(generator.choices(b"0123456789abcdef,;:-.p\x00\xff}*#$", k=generator.randrange(4))) + text[at + generator.randrange(3):]
    if text.startswith((b"k", b"vKill", b"qRcmd,71756974")):
        return b"?"
    total = sum(text) % 256 if generator.random() < 0.95 else generator.randrange(256)
    return b"$" + text + b"#%02x" % total


def packets(batch):
    """Clients that come one behind the other; what ends the run lawfully begins another machine."""
    generator = random.Random(batch)
    sent = 0
    while sent < 500:
        with Machine(["build/source/unseen_gcc2.elf"], program=ASAN) as machine:
            wait_for(lambda: os.path.exists(machine.path) or machine.process.poll() is not None)
            while sent < 500 and machine.process.poll() is None:
                try:
                    with socket.socket(socket.AF_UNIX) as client:
                        client.connect(machine.path)
                        client.settimeout(0.02)
                        for _ in range(25):
                            client.sendall(packet(generator))
                            sent += 1
                            try:
                                client.recv(1 << 16)
                            except TimeoutError:
                                client.sendall(b"\x03")
                except OSError:
                    sent += 1
                    time.sleep(0.01)
            machine.process.terminate()
            machine.process.wait(60)
            machine.err.seek(0)
            said = machine.err.read().decode(errors="replace")
            expect(not REPORT.search(said), f"batch {batch}: {said[-3000:]}")


def cases():
    for name in NAMES:
        for batch in range(8):
            yield f"lines-{name}-{batch}", lambda name=name, batch=batch: lines(name, batch)
    for batch in range(20):
        yield f"packets-{batch}", lambda batch=batch: packets(batch)
