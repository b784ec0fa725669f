"""Programs that can run a batch, and how each hands its log over."""
import array
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import qemu_machine

# Without Svnapot and Svpbmt, because with them QEMU no longer looks at reserved bits of page table entries.
QEMU_CPU = ("rv64,h=true,debug=false,pmu-num=29,svinval=true,zba=true,zbb=true,zbc=true,zbs=true,"
            "zbkb=true,zbkc=true,zbkx=true,zknd=true,zkne=true,zknh=true")
QEMU_ISA = ("rv64imafdch_zicntr_zicsr_zifencei_zihintpause_zihpm_zba_zbb_zbc_zbkb_zbkc_zbkx_zbs_zknd_zkne_zknh_"
            "sstc_sv57_svadu_svinval")
EXTENDED = "_zfh_zfa_zicond_zimop_zcb_zcmop_zacas_zabha_zicbom_zicboz_smnpm_ssnpm_ssdbltrp_zicfilp"
FULL_ISA = QEMU_ISA + "_svnapot_svpbmt" + EXTENDED
LOG_OFFSET = 0x1000000
LOG_SIZE = 0x200000
MEMORY = "64M"


class Trouble(Exception):
    """A machine that did not finish its batch."""


def words_of(data):
    words = array.array("Q")
    words.frombytes(data)
    used = words[0]
    if not 1 < used <= len(words):
        raise Trouble("no log")
    if used == len(words):
        raise Trouble("the log is full: fewer cases a batch")
    return words[:used]


def run(command, timeout, folder):
    try:
        result = subprocess.run(command, timeout=timeout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, cwd=folder)
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"{command[0]}: no end after {timeout} s") from error
    if result.returncode != 0:
        raise Trouble(f"{command[0]}: exit {result.returncode}: {result.stderr.decode(errors='replace')[-500:]}")


def signature_words(path, width):
    """A signature file: lines of hexadecimal, each `width` bytes with the lowest address last."""
    with open(path) as file:
        data = array.array({4: "I", 8: "Q"}[width])
        data.frombytes(bytes.fromhex(file.read().replace("\n", "")))
    data.byteswap()
    return words_of(data.tobytes())


class Rvsim:
    def __init__(self, path, options=()):
        self.path = os.path.abspath(path)
        self.options = ["--set", "machine.cycles_per_tick=1"] + list(options)  # a case that hangs is found sooner
        self.name = " ".join(["rvsim", *options])

    def run(self, elf, folder, timeout=120, isa=FULL_ISA, stats=None):
        log = os.path.join(folder, "rvsim.log")
        command = [self.path, "--isa", isa, "-m", MEMORY, "-nographic", "--quiet", "--set", "endian=little",
                   "--signature", log]  # QEMU is little-endian only
        command += ["--stats", stats] if stats else []
        run(command + self.options + [elf], timeout, folder)
        return signature_words(log, 4)


class Qemu:
    """With a thread a hart: with one for all, QEMU 7.2 makes an AMO a load and a store, and its faults those of loads."""
    name = "qemu"
    everything = False  # of what generate --all adds
    isa = QEMU_ISA

    def run(self, elf, folder, timeout=120):
        ram = os.path.join(folder, "qemu.ram")
        command = ["qemu-system-riscv64", "-M", "virt,memory-backend=ram", "-cpu", QEMU_CPU, "-m", MEMORY, "-smp", "2", "-nographic",
                   "-bios", elf, "-object",
                   f"memory-backend-file,id=ram,size={MEMORY},mem-path={ram},share=on"]
        try:
            status, _, err = qemu_machine.run(command, timeout, folder)
        except qemu_machine.Hang as hang:
            raise Trouble(str(hang)) from hang
        if status != 0:
            raise Trouble(f"{command[0]}: exit {status}: {err[-500:]}")
        with open(ram, "rb") as file:
            file.seek(LOG_OFFSET)
            data = file.read(LOG_SIZE)
        os.remove(ram)
        return words_of(data)


class Spike:
    name = "spike"
    everything = True
    isa = FULL_ISA

    def __init__(self, path):
        self.path = os.path.abspath(path)

    def run(self, elf, folder, timeout=120):
        log = os.path.join(folder, "spike.log")
        isa = "rv64imafdch_zicntr_zihpm_zba_zbb_zbc_zbs_zbkb_zbkc_zbkx_zknd_zkne_zknh_sstc_svadu_svinval_svnapot_svpbmt_zicclsm" + EXTENDED
        run([self.path, f"--isa={isa}", "--pmpregions=16", "--triggers=0", "-m0x80000000:0x4000000", f"+signature={log}",
            "+signature-granularity=8", elf], timeout, folder)
        return signature_words(log, 8)
