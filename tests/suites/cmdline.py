"""What public QEMU command lines say besides disks and networks: firmware that is not named, loaders, and what harts start with."""
import os
import struct
import subprocess
import tempfile
from suites.tools import QEMU, RVSIM, expect, expect_equal, run

OURS, THEIRS = [RVSIM, "-M", "virt", "-nographic"], [QEMU[0], "-M", "virt", "-nographic"]
GCC = ["riscv64-unknown-elf-gcc", "-march=rv64imac_zicsr", "-mabi=lp64", "-nostdlib", "-static"]

# Letters on the console, bytes as two letters from 'a' to 'p', and the end.
SUPPORT = """
.macro letter c
li t0, 0x10000000
li t1, \\c
sb t1, 0(t0)
.endm
.macro pass
li t0, 0x100000
li t1, 0x5555
sw t1, 0(t0)
77: j 77b
.endm
.macro bytes at, count
li t2, \\at
li t3, \\count
li t0, 0x10000000
78: lbu t4, 0(t2)
srli t5, t4, 4
addi t5, t5, 'a'
sb t5, 0(t0)
andi t5, t4, 15
addi t5, t5, 'a'
sb t5, 0(t0)
addi t2, t2, 1
addi t3, t3, -1
bnez t3, 78b
.endm
"""

# Where it starts, and 8 bytes at 0x80100000; its entry is not where it begins.
STARTS = SUPPORT + """
letter 'B'
j 1f
.globl _start
_start: letter 'E'
1: bytes 0x80100000, 8
pass
"""

# Hart 1 says so if it begins at `second`, hart 0 then.
TWO = SUPPORT + """
.globl _start
_start: csrr t0, mhartid
bnez t0, 1f
0: lw t0, flag
beqz t0, 0b
letter '0'
pass
.globl second
.org 0x100
second: csrr t0, mhartid
beqz t0, 0b
letter '1'
la t0, flag
li t1, 1
sw t1, 0(t0)
1: wfi
j 1b
.balign 4
flag: .word 0
"""


class Programs:
    """What the tests run, built once."""
    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        for name, source, address in (("starts", STARTS, 0x80000000), ("high", STARTS, 0x80200000), ("two", TWO, 0x80000000)):
            self.build(name, source, address)
        # QEMU enters a kernel's ELF at its lowest address
        self.build("kernel", STARTS.replace("letter 'B'", "").replace("j 1f", ""), 0x80200000)
        self.write("image", self.linux_image(0))
        self.write("image-s", self.linux_image(0x200000))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def build(self, name, source, address):
        source_path, elf = self.write(name + ".S", source.encode()), self.path(name)
        status, out, err = run(GCC + [f"-Wl,-n,-Ttext={address:#x},--build-id=none", source_path, "-o", elf])
        expect_equal(status, 0, f"building {name}: {out}{err}")
        for kind in ("binary", "ihex"):
            run(["riscv64-unknown-elf-objcopy", "-O", kind, "-j", ".text", elf, f"{elf}.{kind}"])
        return elf

    def linux_image(self, offset):
        """The program `starts`, behind a header that jumps over itself: text_offset is 0 of a kernel for M-mode."""
        with open(self.path("starts.binary"), "rb") as file:
            return struct.pack("<IIQ", 0x0400006F, 0x13, offset).ljust(56, b"\0") + b"RSC\x05".ljust(8, b"\0") + file.read()


BUILT = []


def programs():
    return BUILT[0]


def both(words, what, limit=20):
    """The same words on both; FILE{name} is a program's path. Returns what they print, ours and theirs alike."""
    words = [word.replace("@", programs().folder + "/") for word in words]
    theirs = run(THEIRS + words, limit)
    ours = run(OURS + words, limit)
    expect_equal(ours[:2], theirs[:2], f"{what}: {words}, {ours[2]}")
    return ours


# What is loaded where, as QEMU's users write it, and what the program says then.
BOOTS = {
    "-bios @starts": "B" + "a" * 16,  # where memory begins, and not at the entry
    "-bios none -kernel @starts": "B" + "a" * 16,
    "-bios none -kernel @starts.binary": "B" + "a" * 16,
    "-bios none -kernel @image": "B" + "a" * 16,
    "-bios none -device loader,file=@starts": "B" + "a" * 16,
    "-bios none -device loader,file=@starts,cpu-num=0": "E" + "a" * 16,
    "-bios none -device loader,file=@high,cpu-num=0": "E" + "a" * 16,
    "-bios none -device loader,file=@high -device loader,addr=0x80200000,cpu-num=0": "B" + "a" * 16,
    "-bios none -device loader,file=@starts.binary,addr=0x80001000,cpu-num=0": "B" + "a" * 16,
    "-bios none -device loader,file=@starts.binary,addr=2147483648": "B" + "a" * 16,
    "-bios none -device loader,file=@starts.ihex": "B" + "a" * 16,
    "-bios @starts -device loader,addr=0x80100000,data=0x1122334455667788,data-len=8": "B" + "iihhggffeeddccbb",
    "-bios @starts -device loader,addr=0x80100000,data=0x1122334455667788,data-len=3": "B" + "iihhgg" + "a" * 10,
    "-bios @starts -device loader,addr=0x80100001,data=300,data-len=4,cpu-num=0": "B" + "aacmab" + "a" * 10,
    "-bios @starts -device loader,addr=0x80100000,data=0x1122334455667788,data-len=8,data-be=on": "B" + "bbccddeeffgghhii",
    "-bios @starts -device loader,addr=0x80100000,data=0x11223344,data-len=4,data-be=true": "B" + "a" * 16,
    "-bios @starts -device loader,addr=0x80100000,data=0x11223344,data-len=8,data-be=on": "B" + "aaaaaaaabbccddee",
    "-bios @starts -device loader,file=@two,force-raw=on,addr=0x80100000": "B" + "hpefemegacababaa",
    "-smp 2 -bios @two -device loader,addr=0x80000100,cpu-num=1": "10",
}


def boots(words, wanted):
    expect_equal(both(words.split(), "a boot")[:2], (0, wanted), words)


# No firmware named: OpenSBI; a kernel at 0x80200000.
DEFAULTS = ["-kernel @kernel", "-bios default -kernel @kernel", "-kernel @kernel.binary", "-smp 4 -m 1G -kernel @kernel",
            "-bios opensbi-riscv64-generic-fw_dynamic.bin -kernel @kernel", "-bios opensbi-riscv64-generic-fw_dynamic.elf -kernel @kernel",
            "-L @ -kernel @kernel", "-L @ -L /usr/share/qemu -bios opensbi-riscv64-generic-fw_dynamic.elf -kernel @kernel",
            "-kernel @kernel -initrd @starts.binary"]


def default(words):
    words = [word.replace("@", programs().folder + "/") for word in words.split()]
    for program in (OURS, THEIRS):
        status, out, err = run(program + words, 60)
        good = status == 0 and "OpenSBI v1.1" in out and out.rstrip().endswith("E" + "a" * 16)
        expect(good, f"{program[0]} {words}: {status} {out[-300:]}{err}")


def firmware_of_a_folder():
    """-L comes first; a file that is here is not looked for."""
    with tempfile.TemporaryDirectory() as folder:
        with open(programs().path("starts.binary"), "rb") as file, open(folder + "/opensbi-riscv64-generic-fw_dynamic.bin", "wb") as out:
            out.write(file.read())
        for words in (["-L", folder, "-kernel", programs().path("kernel")], ["-L", folder, "-bios", "opensbi-riscv64-generic-fw_dynamic.bin"]):
            expect_equal(both(words, "a firmware of -L")[:2], (0, "B" + "a" * 16), "what runs")


def no_opensbi():
    """Where neither package is. Folders are hidden in a namespace of our own, where that may be had."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        return
    hide = "mount -t tmpfs none /usr/lib/riscv64-linux-gnu/opensbi && mount -t tmpfs none /usr/share/qemu && exec \"$@\""
    status, out, err = run(["unshare", "-rm", "sh", "-c", hide, "sh", *OURS, "-kernel", programs().path("kernel")])
    expect_equal((status, out), (2, ""), err)
    expect_equal(err, "rvsim: OpenSBI is not here (-bios default): Debian's package opensbi has it; -bios FILE is another firmware, "
                      "-bios none enters the kernel in M-mode\n", "what is said")


def no_kernel_in_m_mode():
    """A Linux Image that says it is for S-mode is never entered in M-mode."""
    image = programs().path("image-s")
    wanted = f"rvsim: {image}: is a Linux Image that starts in S-mode, and no firmware (-kernel FILE, with OpenSBI unless -bios says otherwise)\n"
    for words in (["-bios", "none", "-kernel", image], ["-bios", image], ["-bios", image, "-kernel", image]):
        expect_equal(run(OURS + words), (2, "", wanted), str(words))
    status, out, _ = run(OURS + ["-kernel", image], 60)
    expect(status == 0 and out.endswith("B" + "a" * 16), out[-300:])


def loaded_again():
    """What loaders put into memory is there after a reset, as it was; and harts start there again."""
    source = SUPPORT + """
.globl _start
_start: letter 'E'
bytes 0x80100000, 2
li t0, 0x80100000
lbu t1, 8(t0)
bnez t1, 1f
li t1, 1
sb t1, 8(t0)
sh zero, 0(t0)
li t0, 0x100000
li t1, 0x7777
sw t1, 0(t0)
j .
1: pass
"""
    programs().build("again", source, 0x80200000)
    words = "-bios none -device loader,file=@again,cpu-num=0 -device loader,addr=0x80100000,data=0x1234,data-len=2".split()
    expect_equal(both(words, "a reset")[:2], (0, "EdebcEdebc"), "both starts")


# As READMEs and issues have them, but for disks and networks: None is accepted; else what the one line says why it is not. K is a
# kernel for S-mode, M one for M-mode, I a Linux Image, R a ramdisk, D the folder of them.
LINES = {
    "-M virt -nographic -kernel K": None,
    "-machine virt -nographic -bios none -kernel M": None,
    "-M virt -cpu rv64 -m 128M -smp 3 -nographic -bios none -kernel M": None,
    "-machine virt -smp 1 -m 2G -bios default -kernel I -append console=ttyS0 -display none -serial stdio": None,
    "-nographic -machine virt -m 1G -kernel I -initrd R -append root=/dev/ram0": None,
    "-nographic -machine virt,aclint=off -smp cpus=4,sockets=1,cores=4,threads=1 -m size=1G,slots=2,maxmem=4G -kernel K": None,
    "-M virt -cpu max -smp 4 -m 2048 -nographic -kernel K": None,
    "-M virt -cpu rv64,h=true -m 512M -nographic -kernel K": None,
    "-M virt -cpu rv64,x-h=true -m 512M -nographic -kernel K": None,
    "-M virt -cpu rv64,sv39=on,svpbmt=on,svnapot=on,svinval=off -nographic -kernel K": None,
    "-M virt -cpu rv64,zba=true,zbb=true,zbc=on,zbs=on,v=false -nographic -kernel K": None,
    "-M virt -cpu rv64,sscofpmf=on,pmu-num=8 -nographic -kernel K": None,
    "-M virt -cpu rv64,priv_spec=v1.12.0,sstc=true -nographic -kernel K": None,
    "-M virt -cpu rva22s64,sv48=on -nographic -kernel K": None,
    "-M virt -cpu rv64,v=true,vlen=256,elen=64 -nographic -kernel K": "v=on is not supported: this core does not have it (v=off)",
    "-M virt -cpu rv64,smaia=on,ssaia=on -nographic -kernel K": "smaia=on is not supported",
    "-M virt -cpu rv64,sxl32=on -nographic -kernel K": "sxl32=on is not supported",
    "-M virt -cpu rv64,priv_spec=v1.10.0 -nographic -kernel K": "version 1.13 of the privileged architecture is here",
    "-M virt -cpu sifive-u54 -nographic -kernel K": "-cpu sifive-u54 is not supported: rv64, max",
    "-M virt -cpu rva23s64 -nographic -kernel K": "needs v",
    "-M virt,aia=aplic-imsic -nographic -kernel K": "this machine has a PLIC (aia=none)",
    "-M virt,acpi=off,usb=off,accel=tcg -nographic -kernel K": None,
    "-M virt -bios M -nographic -monitor none -serial mon:stdio": None,
    "-M virt -bios M -display none -serial file:D/log -monitor null": None,
    "-M virt -bios M -display none -chardev stdio,id=con,mux=on,signal=off -mon chardev=con,mode=readline -serial chardev:con": None,
    "-M virt -bios M -display none -chardev file,id=log,path=D/log -serial chardev:log -serial none": None,
    "-M virt -bios M -display none -serial null -serial stdio": "one UART",
    "-M virt -bios M -display none -serial stdio -serial null -serial null": None,
    "-M virt -bios M -serial telnet:localhost:4321,server,nowait": "must be stdio, file:NAME, pty or null",
    "-M virt -bios M -chardev socket,id=s,path=D/s,server=on -serial chardev:s": "the console is stdio, file,path=NAME, pty or null",
    "-M virt -bios M -display none -monitor stdio -serial null": "there is no monitor (--debug is rvsim's debugger)",
    "-M virt -nographic -bios none -device loader,file=M,addr=0x80000000": None,
    "-M virt -nographic -bios none -device loader,file=M,cpu-num=0 -device loader,file=R,addr=0x84000000,force-raw=on": None,
    "-M virt -nographic -bios M -device loader,file=K -device loader,addr=0x88000000,data=0xdeadbeef,data-len=4": None,
    "-M virt -nographic -bios none -kernel M -semihosting": None,
    "-M virt -nographic -bios none -kernel M -semihosting-config enable=on,target=native,arg=prog,arg=one": None,
    "-M virt -display none -chardev stdio,id=c -semihosting-config enable=on,target=native,chardev=c -serial chardev:c -bios M": None,
    "-M virt -nographic -bios M -semihosting-config enable=on,target=gdb": "calls are answered here (target=native)",
    "-M virt -nographic -bios M -no-reboot -no-shutdown -d guest_errors,unimp -D D/log": None,
    "-M virt -nographic -bios M -d int,cpu_reset,in_asm -no-reboot": None,
    "-M virt -nographic -bios M -icount shift=auto,sleep=off -rtc base=2024-01-31T12:00:00,clock=vm": None,
    "-M virt -nographic -bios M -rtc base=utc,clock=host,driftfix=slew -name test,debug-threads=on -k en-us -boot order=c,menu=off": None,
    "-M virt -nographic -bios M -icount shift=7,rr=record,rrfile=D/replay": "--record FILE and --replay FILE are for that",
    "-M virt -nographic -bios M -action reboot=shutdown,shutdown=pause -msg timestamp=on": None,
    "-M virt -m 512M -smp 2 -nographic -numa node,nodeid=0,cpus=0-1,mem=512M -kernel K": None,
    "-M virt -m 512M -smp 2 -nographic -numa node,mem=256M -numa node,mem=256M -kernel K": "memory is one node",
    "-M virt -nographic -bios M -trace enable=riscv_trap": "--trace FILE, with two dashes, writes rvsim's",
    "-M virt -nographic -nodefaults -no-user-config -L D -accel tcg,thread=single -bios M": None,
}


def public(line, refusal):
    files = {"K": "kernel", "M": "starts", "I": "image-s", "R": "starts.binary", "D": "."}
    words = []
    for word in line.split():
        head, mark, tail = word.partition("=") if word.startswith("loader") else ("", "", word)
        first, comma, rest = tail.partition(",")
        tail = programs().path(files[first]) + comma + rest if first in files else tail.replace("=D/", f"={programs().folder}/").replace(":D/", f":{programs().folder}/")
        words.append(head + mark + (programs().folder + tail[1:] if tail.startswith("D/") else tail))
    status, out, err = run([RVSIM, *words, "--max-insns", "1"])
    if refusal is None:
        expect(status == 3 and not out, f"{words}: exit {status}, {err}")
    elif "UART" in refusal:
        expect(status == 3 and refusal in err, f"{words}: exit {status}, {err}")
    else:
        expect_equal((status, out, err.count("\n")), (2, "", 1), f"{words}: {err}")
        expect(refusal in err, f"{words}: {err}")


def pseudo_terminal():
    """The console is another terminal, whose name is told: what is typed there comes, and what nobody is there for is lost."""
    source = SUPPORT + """
.globl _start
_start: li s0, 0x10000000
li s1, 'q'
1: lbu t0, 5(s0)
andi t0, t0, 1
beqz t0, 1b
lbu t1, 0(s0)
sb t1, 0(s0)
bne t1, s1, 1b
pass
"""
    echo = programs().build("echo", source, 0x80000000)
    with tempfile.TemporaryDirectory() as folder:
        record = folder + "/record"
        process = subprocess.Popen([RVSIM, "-serial", "pty", "--record", record, "--timeout", "60", echo], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = process.stderr.readline().decode()
        expect(said.startswith("rvsim: the console is /dev/pts/"), said)
        terminal = os.open(said.split()[-1], os.O_RDWR | os.O_NOCTTY)
        for text in (b"a\x01x\r\n\x03", b"q"):
            os.write(terminal, text)
            got = b""
            while len(got) < len(text) and text != b"q":  # which ends it
                got += os.read(terminal, 100)
            expect_equal(got, text if got else b"", "what comes back")
        expect_equal((process.wait(60), process.stdout.read(), process.stderr.read()), (0, b"", b""), "the end")
        os.close(terminal)
        expect_equal(run([RVSIM, "-serial", "stdio", "--replay", record, echo]), (0, "a\x01x\r\n\x03q", ""), "again")


def nobody_there():
    """A pseudo-terminal that nobody opens holds up nothing."""
    status, out, err = run([RVSIM, "-serial", "pty", "--expect", "hello: pass", "build/firmware.elf", "build/guests/hello.elf"])
    expect_equal((status, out, err.count("\n")), (0, "", 1), err)


RTC = SUPPORT + """
.globl _start
_start: li t0, 0x101000
lw t1, 0(t0)
lw t2, 4(t0)
slli t2, t2, 32
slli t1, t1, 32
srli t1, t1, 32
or t1, t1, t2
li t2, 1000000000
divu t1, t1, t2
li t2, 0x80100000
sd t1, 0(t2)
bytes 0x80100000, 8
pass
"""


def date(base, wanted):
    """The calendar begins there, as on QEMU, where some time of the host passes."""
    program = programs().build("rtc" + str(wanted), RTC, 0x80000000)
    told = []
    for command in (OURS, THEIRS):
        status, out, err = run(command + ["-rtc", "base=" + base, "-bios", program])
        expect_equal((status, len(out)), (0, 16), err)
        told.append(int.from_bytes(bytes((ord(a) - 97) << 4 | ord(b) - 97 for a, b in zip(out[::2], out[1::2])), "little"))
    expect_equal(told[0], wanted, "the date")
    expect(0 <= told[1] - wanted < 60, f"QEMU's: {told[1]}")


def monitor_words():
    """What a QEMU monitor is asked most."""
    script = "info status; info cpus; info registers; info qtree; xp /2xw 0x80000000; info mem; stop; cont 100; info status"
    status, _, err = run([RVSIM, "--debug-cmd", script + "; quit", "build/firmware.elf", "build/guests/hello.elf"])
    for text in ("paused, at the prompt\n", "* hart 0  M ", "pc   0x", " uart\n", "0x0000000080000000: 0x", "no page table: addresses are physical\n"):
        expect(text in err, f"no {text!r} in: {err}")
    expect_equal(status, 0, err)
    status, _, err = run([RVSIM, "--debug-cmd", "expect Sv39 is on; step world; step world; info mem", "build/firmware.elf", "build/guests/paging.elf"])
    wanted = ["vaddr            gpaddr           size             attr", "0000000080000000 0000000080000000 0000000040000000 rwx--ad"]
    expect_equal([line for line in err.splitlines() if line.startswith(("vaddr", "0000000080000000 "))], wanted, "info mem")
    status, _, err = run([RVSIM, "--debug-cmd", "system_powerdown", "build/firmware.elf", "build/guests/hello.elf"])
    expect(status == 6 and "no power button" in err, err)


def system_reset():
    """Asked for at the prompt, it is as one of the program's own."""
    program = programs().path("starts")
    run_to = "break 0x80000000; continue; system_reset; continue"
    status, out, err = run([RVSIM, "--debug-cmd", run_to + "; delete 1; continue", "-bios", program])
    expect_equal((status, out), (0, "B" + "a" * 16), err)
    expect_equal(err.count("breakpoint 1: "), 2, err)
    status, _, err = run([RVSIM, "-no-reboot", "--debug-cmd", "step; system_reset; step", "-bios", program])
    expect(status == 6 and "the guest asked for a reset" in err, err)


def engines():
    """The engine that was built is taken, the others are not; what there is not is refused with what comes nearest."""
    for program, mine, other in ((RVSIM, "threaded", "plain"), ("build/plain/rvsim", "plain", "threaded")):
        expect(run([program, "--engine", mine, "--version"])[0] == 0, mine)
        got, _, err = run([program, "--engine", other, "build/firmware.elf"])
        expect(got == 2 and f"built with the {mine} engine alone" in err and err.count("\n") == 1, err)
    for option in (["--view"], ["--zones", "x"], ["--engine", "jit"]):
        got, _, err = run([RVSIM, *option, "build/firmware.elf"])
        expect(got == 2 and err.count("\n") == 1 and "unknown" not in err, err)


def cases():
    yield "engines", engines
    BUILT.append(Programs())
    for line, refusal in LINES.items():
        yield "line " + line, lambda line=line, refusal=refusal: public(line, refusal)
    for base, wanted in (("2006-06-17T16:01:21", 1150560081), ("2030-02-28", 1898467200)):
        yield "rtc " + base, lambda base=base, wanted=wanted: date(base, wanted)
    for function in (pseudo_terminal, nobody_there, monitor_words, system_reset):
        yield function.__name__.replace("_", "-"), function
    for words, wanted in BOOTS.items():
        yield words.replace("@", ""), lambda words=words, wanted=wanted: boots(words, wanted)
    for words in DEFAULTS:
        yield words.replace("@", ""), lambda words=words: default(words)
    yield "firmware-of-a-folder", firmware_of_a_folder
    yield "no-opensbi", no_opensbi
    yield "no-kernel-in-M-mode", no_kernel_in_m_mode
    yield "loaded-again", loaded_again
