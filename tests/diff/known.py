"""
Recognizes the differences that known.md explains, each as narrowly as it can be told from the records.

A rule is called with the case so far, ours and theirs of a record that differs, and the names that differ; it returns the
names that it explains, and with them "*" when the two programs do different things from there on, so that the rest of the
case is not compared. A difference that stays as it was in the record before needs no second explanation.
"""
import collections

from records import CSR_NUMBERS

QEMU_RULES = []   # for the record of a trap
QEMU_FINAL = []   # for the record at the end
SPIKE_RULES = []
SPIKE_FINAL = []

SGEI = 1 << 12
LCOFI = 1 << 13
GVA = 1 << 38
MPV = 1 << 39
MPP = 3 << 11
SD = 1 << 63
MPRV = 1 << 17
SUM = 1 << 18
MXR = 1 << 19
TVM = 1 << 20
TSR = 1 << 22
VTVM = 1 << 20
VS_BITS = 0x444
S_BITS = 0x222
FS = 3 << 13
HSTATUS_GVA = 1 << 6
HSTATUS_BITS = 0x300700380
ADUE = 1 << 61
PBMTE = 1 << 62
DTE = 1 << 59
SDT = 1 << 24
SIE = 1 << 1
SPIE = 1 << 5
DOUBLE_TRAP = 16
INTERRUPT = 1 << 63
INSTRUCTION_CAUSES = (2, 22)
LOAD_FAULTS = (5, 13, 21)
STORE_FAULTS = (6, 7, 15, 23)
GUEST_PAGE_FAULTS = (20, 21, 23)
PSEUDO = (0x3000, 0x3020)
TRAP_VALUES = (("mcause", "mtval"), ("scause", "stval"), ("vscause", "vstval"))
SRET, MRET, WFI = 0x10200073, 0x30200073, 0x10500073
VECTORS, VECTORS_END = 0x80600000, 0x80600400


class Case:
    """What came before: our records, the ids of the differences, and the differences that may persist."""

    def __init__(self, program):
        self.program = program
        self.records = []
        self.seen = set()
        self.carried = {}
        self.tainted = False
        self.explained = set()

    def words_since(self, ours):
        """The instructions that may have run between the last record and this one: a return may have gone back."""
        last, slot = self.records[-1]["slot"] if self.records else 0, ours["slot"]
        words = list(self.program.words_between(last, slot))
        return list(self.program.words_between(0, slot)) if last >= slot or {SRET, MRET} & set(words) else words


Trap = collections.namedtuple("Trap", "to cause epc tval value tinst")


def trap_of(record):
    """The trap that a record is about: it came to M at once, or through the vectors of VS and HS."""
    to = "m"
    if record["mcause"] == 9 and VECTORS <= record["mepc"] < VECTORS_END:
        to = "s"
        if record["scause"] == 10 and VECTORS <= record["sepc"] < VECTORS_END:
            to = "vs"
    elif record["mcause"] == 10 and VECTORS <= record["mepc"] < VECTORS_END:
        to = "vs"
    value, tinst = {"m": ("mtval2", "mtinst"), "s": ("htval", "htinst"), "vs": (None, None)}[to]
    return Trap(to, record[to + "cause"], record[to + "epc"], record[to + "tval"], record.get(value, 0), record.get(tinst, 0))


def only(ours, theirs, names, which, bits):
    """Those of the registers `which` that differ in no other than these bits."""
    return {name for name in which if name in names and not (ours[name] ^ theirs[name]) & ~bits}


def masked(ours, theirs, names, which, bits):
    """`only`, and case registers that differ in just one of these bits: an interrupt may come between a CSR's read and the
    instruction that takes what is vague off."""
    registers = {name for name in names if name[0] == "x" and (ours[name] ^ theirs[name]) == bits}
    return only(ours, theirs, names, which, bits) | registers


def other_cause(ours, theirs, names, pairs):
    """The same instruction trapped with one of these pairs of causes. Explains the cause and what goes with it, or all,
    where the two traps were not taken at the same level."""
    our, their = trap_of(ours), trap_of(theirs)
    if our.epc != their.epc or (our.cause, their.cause) not in pairs:
        return set()
    if our.to != their.to:
        return {"*"}
    return {name for name in names if name in (our.to + "cause", our.to + "tval", *(("mtval2", "mtinst") if our.to == "m" else
                                                                                   ("htval", "htinst")))}


# ---- what instructions are ----

def is_csr(word):
    return word & 0x7f == 0x73 and word >> 12 & 3 != 0 and word >> 14 & 1 == 0 or word & 0x7f == 0x73 and word >> 12 & 7 in (5, 6, 7)


def is_hypervisor_access(word):
    return word & 0x8000707f == 0x4073


def is_hlvx(word):
    return word & 0xfff0707f in (0x64304073, 0x68304073)


def is_amo(word):
    return word & 0x7f == 0x2f and word >> 27 != 2


def is_atomic(word):
    return word & 0x7f == 0x2f


def is_fence_or_sret(word):
    return word == 0x10200073 or word & 0xfe007fff in (0x12000073, 0x16000073, 0x22000073, 0x62000073, 0x26000073, 0x66000073)


# ---- QEMU: fields ----

def qemu_sgei(case, ours, theirs, names):
    return masked(ours, theirs, names, ("mideleg", "mie", "hie"), SGEI)


def qemu_gva(case, ours, theirs, names):
    return masked(ours, theirs, names, ("mstatus",), GVA)


def qemu_hstatus_gva(case, ours, theirs, names):
    return masked(ours, theirs, names, ("hstatus",), HSTATUS_GVA)


def qemu_vsstatus_sd(case, ours, theirs, names):
    return masked(ours, theirs, names, ("vsstatus",), SD)


def qemu_vscause(case, ours, theirs, names):
    """Exceptions 2 and 6 are numbered as if they were interrupts of the VS level."""
    return {"vscause"} if "vscause" in names and (ours["vscause"], theirs["vscause"]) in ((2, 1), (6, 5)) else set()


def qemu_mtval2(case, ours, theirs, names):
    """mtval2 and htval keep what the last guest-page fault left, for traps that are none."""
    explained = {"mtval2"} if "mtval2" in names and ours["mtval2"] == 0 and ours["mcause"] not in GUEST_PAGE_FAULTS else set()
    if "htval" in names and ours["htval"] == 0 and ours["scause"] not in GUEST_PAGE_FAULTS:
        explained.add("htval")
    return explained


def qemu_htval_by_vs(case, ours, theirs, names):
    """A trap to VS writes htval and htinst too."""
    if trap_of(ours).to != "vs":
        return set()
    return {name for name in ("htval", "htinst") if name in names and theirs[name] in (0, ours["mtval2"])}


def qemu_tval_instruction(case, ours, theirs, names):
    """The word of an illegal or virtual instruction: QEMU writes 0, or that of another one."""
    return {tval for cause, tval in TRAP_VALUES if tval in names and ours[cause] in INSTRUCTION_CAUSES}


def qemu_tval_aligned(case, ours, theirs, names):
    """A misaligned load across pages is made as two aligned ones, and tval is the address of the first."""
    explained = {tval for cause, tval in TRAP_VALUES if tval in names and ours[cause] in LOAD_FAULTS
                 and theirs[tval] in (ours[tval] & ~1, ours[tval] & ~3, ours[tval] & ~7)}
    for value, cause in (("mtval2", "mcause"), ("htval", "scause")):
        if value in names and ours[cause] in LOAD_FAULTS and theirs[value] == ours[value] & ~1:
            explained.add(value)
    return explained


# ---- QEMU: causes ----

def qemu_virtual_as_illegal(case, ours, theirs, names):
    """From VU: supervisor CSRs, sret and fences raise a virtual-instruction exception."""
    our = trap_of(ours)
    word = our.tval
    if not (is_csr(word) and word >> 28 & 3 == 1 or is_fence_or_sret(word)):
        return set()
    return other_cause(ours, theirs, names, ((22, 2), (22, 1)))  # 1: qemu_vscause


def qemu_pmp_guest(case, ours, theirs, names):
    """What PMP refuses after two stages of translation is a guest-page fault, or under MPRV a page fault."""
    return other_cause(ours, theirs, names, ((1, 20), (5, 21), (7, 23)) + (((5, 13), (7, 15)) if ours["mstatus"] & MPRV else ()))


def qemu_guest_access(case, ours, theirs, names):
    """HLV, HSV, and MPRV with MPV: a page fault becomes an access fault where satp is bare."""
    our = trap_of(ours)
    if ours["satp"] >> 60 or not (is_hypervisor_access(case.program.word(our.epc)) or ours["mstatus"] & MPRV):
        return set()
    return other_cause(ours, theirs, names, ((13, 5), (15, 7), (21, 5), (23, 7)))


def qemu_mprv_guest(case, ours, theirs, names):
    """MPRV with MPV in M-mode: a guest-page fault becomes a page fault."""
    return other_cause(ours, theirs, names, ((21, 13), (23, 15), (21, 5), (23, 7))) if ours["mstatus"] & MPRV else set()


def qemu_implicit(case, ours, theirs, names):
    """A guest-page fault of an implicit access is a load's whatever the original access was, and for HLV and HSV a page fault."""
    our = trap_of(ours)
    if our.tinst not in PSEUDO:
        return set()
    as_guest = is_hypervisor_access(case.program.word(our.epc)) or ours["mstatus"] & MPRV
    return other_cause(ours, theirs, names, ((20, 21), (23, 21)) + (((21, 13), (23, 15), (23, 13)) if as_guest else ()))


def qemu_ad_write(case, ours, theirs, names):
    """A and D bits of a VS-stage entry are set though the G-stage forbids to write it."""
    our = trap_of(ours)
    return {"*"} if our.tinst == PSEUDO[1] and (our.epc, our.value) != trap_of(theirs)[1:2] + trap_of(theirs)[4:5] else set()


def crossing_order(case, ours, theirs, names):
    """Of an access across pages, both faults of which are an access fault and a page fault: rvsim translates both parts before
    it looks at memory, and PMP may judge the parts or the whole."""
    our, their = trap_of(ours), trap_of(theirs)
    crossing = their.tval & 0xfff >= 0xff9
    if crossing and their.cause in (5, 7, 21, 23) and (our.epc != their.epc or our.tval == (their.tval | 0xfff) + 1):
        return {"*"}
    return other_cause(ours, theirs, names, ((5, 13), (7, 15), (5, 21), (7, 23))) if crossing else set()


def platform(case, ours, theirs, names):
    """Devices, and the boot ROM, differ: code that is really data may ask them something."""
    our, their = trap_of(ours), trap_of(theirs)
    asked = any(trap.cause in (5, 7) and trap.tval < 0x80000000 for trap in (our, their))
    return {"*"} if asked and not case.program.word(our.epc) and our.epc != their.epc else set()


def endless(case, ours, theirs, names):
    """Neither side ever ended the case."""
    return {"*"} if ours["mcause"] == theirs["mcause"] == INTERRUPT | 7 else set()


def qemu_amo_nowhere(case, ours, theirs, names):
    """An AMO where there is no memory reads first."""
    return other_cause(ours, theirs, names, ((7, 5),)) if is_amo(case.program.word(trap_of(ours).epc)) else set()


def qemu_sc_failed(case, ours, theirs, names):
    """An SC that must fail does so before it is asked whether it may store."""
    our = trap_of(ours)
    refused = case.program.word(our.epc) >> 27 == 3 and is_atomic(case.program.word(our.epc)) and our.cause in STORE_FAULTS
    return {"*"} if refused and trap_of(theirs).epc != our.epc else set()


def qemu_hlvx(case, ours, theirs, names):
    """HLVX asks for permission to read."""
    our, their = trap_of(ours), trap_of(theirs)
    if is_hlvx(case.program.word(our.epc)) and our.cause in LOAD_FAULTS or \
            is_hlvx(case.program.word(their.epc)) and their.cause in LOAD_FAULTS:
        return {"*"}
    return set()


def qemu_tw(case, ours, theirs, names):
    """WFI in VU with TW: illegal instruction, and virtual instruction there."""
    return other_cause(ours, theirs, names, ((2, 22),)) if case.program.word(trap_of(ours).epc) == WFI else set()


# ---- QEMU: what parts ways ----

def is_illegal(their):
    return their.cause == (1 if their.to == "vs" else 2)  # 1: qemu_vscause


def qemu_mxr(case, ours, theirs, names):
    """Each stage, and HLV, obeys one MXR: mstatus's does not reach guests, vsstatus's reaches the G-stage and not HLV."""
    our, their = trap_of(ours), trap_of(theirs)
    by_mstatus, by_vsstatus = ((ours[name] | theirs[name]) & MXR for name in ("mstatus", "vsstatus"))
    as_guest = is_hypervisor_access(case.program.word(their.epc)) or theirs["mstatus"] & MPRV
    if (our.epc, our.tval) == (their.epc, their.tval):
        if our.tinst in PSEUDO and our.value != their.value and (by_mstatus or by_vsstatus):
            return {"*"}
        return {"*"} if our.cause in (5, 21) and their.cause == 13 and (by_mstatus or by_vsstatus and as_guest) else set()
    refused = their.cause in LOAD_FAULTS and (by_mstatus or by_vsstatus and as_guest)
    allowed = our.cause == 21 and by_vsstatus and not ours["mstatus"] & MXR or our.tinst in PSEUDO and (by_mstatus or by_vsstatus)
    return {"*"} if refused or allowed else set()


def qemu_vtvm(case, ours, theirs, names):
    """hstatus.VTVM does not guard satp."""
    our = trap_of(ours)
    word = case.program.word(our.epc)
    guarded = is_csr(word) and word >> 20 == 0x180 and our.cause == 22 and ours["hstatus"] & VTVM
    return {"*"} if guarded and trap_of(theirs).epc != our.epc else set()


def qemu_hgatp_tvm(case, ours, theirs, names):
    """mstatus.TVM does not guard hgatp in HS."""
    our = trap_of(ours)
    word = case.program.word(our.epc)
    guarded = is_csr(word) and word >> 20 == 0x680 and our.cause == 2 and ours["mstatus"] & TVM
    return {"*"} if guarded and trap_of(theirs).epc != our.epc else set()


def qemu_csr_zero(case, ours, theirs, names):
    """CSRRS and CSRRC of a read-only CSR with a register that holds 0 raise nothing."""
    our = trap_of(ours)
    word = case.program.word(our.epc)
    attempt = is_csr(word) and word >> 12 & 3 in (2, 3) and word >> 30 == 3 and word >> 15 & 31
    if attempt and our.cause in INSTRUCTION_CAUSES and trap_of(theirs).epc != our.epc:
        return {"*"}
    return other_cause(ours, theirs, names, ((2, 22),)) if attempt else set()


def qemu_fcsr_zero(case, ours, theirs, names):
    """The same for fcsr: FS stays clean."""
    written = any(is_csr(word) and word >> 12 & 3 in (2, 3) and word >> 15 & 31 and 1 <= word >> 20 <= 3
                  for word in case.words_since(ours))
    if not written:
        return set()
    return {name for name in names if (name[0] == "x" or name in ("mstatus", "vsstatus")) and
            not (ours[name] ^ theirs[name]) & ~(FS | SD | GVA)}


def qemu_htinst(case, ours, theirs, names):
    """htinst cannot be written."""
    return {"htinst"} if "htinst" in names and ours["htinst"] == 0 and theirs["htinst"] in PSEUDO else set()


def qemu_stale_virtual(case, ours, theirs, names):
    """Code that was translated for VU and runs in U, or the other way: HLV and HSV raise the other one's exception."""
    return other_cause(ours, theirs, names, ((2, 22), (22, 2))) if is_hypervisor_access(case.program.word(trap_of(ours).epc)) else set()


WILD = {"mstatus", "hstatus", "menvcfg", "henvcfg", "senvcfg", "mcounteren", "hcounteren", "scounteren", "mcountinhibit"}
ALIASES = {0x100: ("mstatus", "vsstatus"), 0x104: ("mie", "vsie"), 0x144: ("mip", "vsip"), 0x140: ("vsscratch",), 0x141: ("vsepc",),
           0x142: ("vscause",), 0x143: ("vstval",), 0x105: ("vstvec",), 0x180: ("vsatp",)}


def read_back(case, ours, theirs, names):
    """Registers hold what was read from a CSR that differs, and what instructions made of it."""
    differing = case.carried.keys() | case.explained | (WILD if case.program.wild else set())
    for word in case.words_since(ours):
        if is_csr(word) and word >> 7 & 31 and differing & {CSR_NUMBERS.get(word >> 20), *ALIASES.get(word >> 20, ())}:
            return {name for name in names if name[0] == "x"}
    return set()


def qemu_sie_mideleg(case, ours, theirs, names):
    """While V=1, what is read from sie and sip lacks the bits that mideleg's own S-level bits leave out."""
    lost = S_BITS & ~ours["mideleg"]
    if not any(is_csr(word) and word >> 20 in (0x104, 0x144) for word in case.words_since(ours)):
        return set()
    our = trap_of(ours)
    # and, beqz, wfi: what slot_wait makes, which goes round a WFI that would trap here
    guarded = case.program.word(our.epc) == WFI and case.program.word(our.epc - 8) & 0xfe00707f == 0x7033
    if guarded and our.cause in INSTRUCTION_CAUSES and lost & SIE and trap_of(theirs).epc != our.epc:
        return {"*"}
    return {name for name in names if name[0] == "x" and (ours[name] ^ theirs[name]) & ~lost == 0 and not theirs[name] & lost}


def qemu_priority(case, ours, theirs, names):
    """Of several interrupts the one with the lowest number comes first."""
    our, their = trap_of(ours), trap_of(theirs)
    both = our.cause & their.cause & INTERRUPT and our.epc == their.epc
    if both and their.cause & 63 < our.cause & 63 and our.to == their.to:
        return {"*"}
    # Or it came before what the record is about.
    return {"*"} if any(name in names and ours[name] & theirs[name] & INTERRUPT and theirs[name] < ours[name]
                        for name in ("scause", "vscause")) else set()


def qemu_tvm(case, ours, theirs, names):
    """mstatus.TVM reaches into VS."""
    their = trap_of(theirs)
    word = case.program.word(their.epc)
    touches = is_csr(word) and word >> 20 == 0x180 or word & 0xfe007fff in (0x12000073, 0x16000073)
    return {"*"} if touches and is_illegal(their) and ours["mstatus"] & TVM and trap_of(ours).epc != their.epc else set()


def qemu_tsr(case, ours, theirs, names):
    """mstatus.TSR reaches into VS."""
    their = trap_of(theirs)
    here = case.program.word(their.epc) == 0x10200073 and trap_of(ours).epc != their.epc
    return {"*"} if here and is_illegal(their) and ours["mstatus"] & TSR else set()


def qemu_sfence_inval(case, ours, theirs, names):
    """SFENCE.W.INVAL and SFENCE.INVAL.IR work in U and VU."""
    our = trap_of(ours)
    user = case.program.word(our.epc) in (0x18000073, 0x18100073) and our.cause in INSTRUCTION_CAUSES
    return {"*"} if user and trap_of(theirs).epc != our.epc else set()


def qemu_sum(case, ours, theirs, names):
    """HLV, HSV, and MPRV with MPV reach U pages whatever vsstatus.SUM says."""
    our = trap_of(ours)
    if our.cause in (13, 15) and not ours["vsstatus"] & SUM and (
            is_hypervisor_access(case.program.word(our.epc)) or ours["mstatus"] & MPRV):
        return {"*"}
    return set()


def qemu_vsip_write(case, ours, theirs, names):
    """A write of vsip or vsie takes the bits at the VS level's own numbers too, one of mip those of hvip."""
    which = only(ours, theirs, names, ["mip", "hvip", "hip", "vsip", "mie", "hie", "vsie"] + [name for name in names if name[0] == "x"],
                 VS_BITS | VS_BITS >> 1 | SGEI)
    written = any(is_csr(word) and word >> 20 in (0x104, 0x144, 0x204, 0x244, 0x344)
                  for word in case.words_since(ours))
    our, their = trap_of(ours), trap_of(theirs)
    at_another_write = our.cause == their.cause and our.cause & INTERRUPT and our.epc != their.epc
    return {"*"} if written and (which or at_another_write) else set()


def qemu_vsip_stip(case, ours, theirs, names):
    """vsip.STIP and vsip.SEIP read 0."""
    return {name for name in names if (name == "vsip" or name[0] == "x") and theirs[name] == ours[name] & ~0x220}


def qemu_vstip(case, ours, theirs, names):
    """hvip.VSTIP and the timer's share of hip.VSTIP are one bit."""
    explained = only(ours, theirs, names, ("mip", "hvip", "hip", "vsip"), 0x60)
    return explained | {"*"} if any((ours[name] ^ theirs[name]) & 0x40 for name in explained) else set()


def qemu_stip(case, ours, theirs, names):
    """mip.STIP as software set it and as stimecmp drives it are one bit, whatever menvcfg.STCE says."""
    explained = only(ours, theirs, names, ("mip", "sip"), 0x20)
    return explained | {"*"} if "mip" in explained else set()


def qemu_epc_bit0(case, ours, theirs, names):
    """Bit 0 of sepc and vsepc is kept."""
    return {"*"} if any(name in names and theirs[name] == ours[name] | 1 for name in ("sepc", "vsepc", "mepc")) else set()


def qemu_mprv_kept(case, ours, theirs, names):
    """mret and sret to less than M leave MPRV set."""
    return {"*"} if "mstatus" in names and ours["mstatus"] & MPRV < theirs["mstatus"] & MPRV else set()


def qemu_mprv_m(case, ours, theirs, names):
    """With MPRV, MPV counts even where MPP is 3."""
    their = trap_of(theirs)
    in_m = their.to == "m" and theirs["mstatus"] & MPRV and theirs["mstatus"] & MPP == MPP
    return {"*"} if in_m and their.cause in LOAD_FAULTS + STORE_FAULTS and their.epc != trap_of(ours).epc else set()


def qemu_sum_fetch(case, ours, theirs, names):
    """A U page that was read with SUM can be executed."""
    our = trap_of(ours)
    summed = (ours["mstatus"] | ours["vsstatus"]) & SUM
    their = trap_of(theirs)
    allowed = their.cause != 12 or their.epc == our.epc and their.tval > our.tval
    return {"*"} if our.cause == 12 and our.epc == our.tval and summed and allowed else set()


def qemu_gpa_sign(case, ours, theirs, names):
    """Guest-physical addresses have to be sign-extended, rather than zero above their 41, 50 or 59 bits."""
    top = {8: 40, 9: 49, 10: 58}.get(ours["hgatp"] >> 60)
    our, their = trap_of(ours), trap_of(theirs)
    refused = their.cause in GUEST_PAGE_FAULTS and top and their.value << 2 >> top & 1
    allowed = our.cause in GUEST_PAGE_FAULTS and top and our.value << 2 >> top
    return {"*"} if (our.epc, our.cause, our.tval) != (their.epc, their.cause, their.tval) and (refused or allowed) else set()


def qemu_mret_mpv(case, ours, theirs, names):
    """mret with MPP=3 and MPV=1 makes V=1 in M-mode."""
    both_m = ours["mstatus"] & MPP == MPP and theirs["mstatus"] & MPP == MPP
    if theirs["mstatus"] & (MPP | MPV) == MPP | MPV:
        return {"*"}  # a trap from M-mode with V=1
    swapped = "stvec" in names and theirs["stvec"] == ours["vstvec"] or \
        {"sepc", "vsepc"} <= set(names) and theirs["vsepc"] == ours["sepc"] and theirs["mstatus"] & ~ours["mstatus"] & MPV
    return {"*"} if swapped or "mstatus" in names and both_m and ours["mstatus"] & MPV < theirs["mstatus"] & MPV else set()


# ---- QEMU and others: what the spec leaves open ----

def tinst_zero(case, ours, theirs, names):
    """A transformed instruction (bit 0 set) here, 0 there."""
    return {name for name in ("mtinst", "htinst") if name in names and ours[name] & 1 and theirs[name] == 0}


def tval_ebreak(case, ours, theirs, names):
    return {tval for cause, tval in TRAP_VALUES if tval in names and ours[cause] == 3 and theirs[tval] == 0}


def fs_imprecise(case, ours, theirs, names):
    """FS becomes dirty on rvsim by instructions that might have changed a register or a flag, even if they fault."""
    explained = {name for name in ("mstatus", "vsstatus") if name in names and not (ours[name] ^ theirs[name]) & ~(FS | SD | GVA)
                 and ours[name] & FS == FS}
    return explained | {name for name in names if name[0] == "x" and not (ours[name] ^ theirs[name]) & ~(FS | SD)
                        and ours[name] & FS == FS}


def atomic_misaligned(case, ours, theirs, names):
    """A misaligned LR, SC or AMO: address-misaligned here, access fault or success there."""
    our = trap_of(ours)
    cause = our.value if our.cause == DOUBLE_TRAP else our.cause
    return {"*"} if cause in (4, 6) and our.tval & 7 and is_atomic(case.program.word(our.epc)) else set()


def store_in_part(case, ours, theirs, names):
    """The bytes before a page's end may be written though those after it fault."""
    crossed = any(record[cause] in STORE_FAULTS + (DOUBLE_TRAP,) and not record[tval] & 0xfff
                  for record in case.records for cause, tval in TRAP_VALUES)
    return {name for name in names if name.startswith("data")} if crossed else set()


def accessed_in_part(case, ours, theirs, names):
    """Of an access across pages whose second part faults, the first part may have set A, or not yet."""
    crossed = any(record[cause] in LOAD_FAULTS + STORE_FAULTS and not record[tval] & 0xfff
                  for record in case.records for cause, tval in TRAP_VALUES)
    return {name for name in names if name.startswith(("accessed", "dirty"))} if crossed else set()


def accessed_before_pmp(case, ours, theirs, names):
    """A may be set before PMP or the G-stage refuse the access, or not, and D may (here it is not). The same goes for what qemu_sum lets through to the
    G-stage."""
    refused = any(record[cause] in (1, 5, 7) + GUEST_PAGE_FAULTS or record[cause] in (13, 15) and not record["vsstatus"] & SUM
                  for record in case.records for cause, _ in TRAP_VALUES)
    dirty = {name for name in names if name.startswith("dirty") and not ours[name] & ~theirs[name]}
    return dirty | {name for name in names if name.startswith("accessed")} if refused else set()


def qemu_ad_dirty(case, ours, theirs, names):
    """The G-stage's D is not set where A or D of a VS-stage entry is written."""
    return {name for name in names if name.startswith("dirty") and not theirs[name] & ~ours[name] and all(
        case.program.maps_tables(64 * int(name[5:]) + bit) for bit in range(64) if (ours[name] ^ theirs[name]) >> bit & 1)}


def henvcfg_kept(case, ours, theirs, names):
    """henvcfg's bits that menvcfg holds down come back on others when menvcfg lets go, and do not here."""
    return only(ours, theirs, names, ("henvcfg",), 7 << 61 | DTE | 1)


# ---- at the end ----

def qemu_misa_b(case, ours, theirs, names):
    return only(ours, theirs, names, ("misa",), 1 << 1)


def qemu_envcfg(case, ours, theirs, names):
    """QEMU 7.2 always sets A and D itself and has no ADUE; it has PBMTE even without Svpbmt."""
    return only(ours, theirs, names, ("menvcfg", "henvcfg"), ADUE | PBMTE)


def qemu_wide(case, ours, theirs, names):
    """Reserved bits of these are kept."""
    hstatus = only(ours, theirs, names, ("hstatus",), ~HSTATUS_BITS)
    return hstatus | only(ours, theirs, names, ("medeleg", "hedeleg"), 0xc0801) | only(ours, theirs, names, ("mcountinhibit",), ~0x7fffd) | \
        only(ours, theirs, names, ("mie", "mideleg"), LCOFI | SGEI) | only(ours, theirs, names, ("mstatus",), GVA) | only(ours, theirs, names, ("mip",), LCOFI) | \
        only(ours, theirs, names, ("menvcfg", "henvcfg"), 0xf0 | 7 << 61) | only(ours, theirs, names, ("hcounteren", "mcounteren", "scounteren"), 0xffffffff << 32) | \
        only(ours, theirs, names, ("senvcfg",), 0xf0)


# ---- Spike ----

def spike_sgei(case, ours, theirs, names):
    return masked(ours, theirs, names, ("mideleg", "mie", "hie"), SGEI)


def spike_medeleg(case, ours, theirs, names):
    """Exceptions that cannot happen or are of extensions that are off: bits may be there or not."""
    return only(ours, theirs, names, ("medeleg", "hedeleg"), 0xc0001)


def spike_fiom(case, ours, theirs, names):
    return only(ours, theirs, names, ("menvcfg", "henvcfg", "senvcfg"), 1)


def spike_sret_sdt(case, ours, theirs, names):
    """SRET in M-mode to HS leaves SDT; and SDT written where DTE holds it at 0 clears SIE."""
    kept = "mstatus" in names and theirs["mstatus"] & ~ours["mstatus"] & SDT
    double = trap_of(theirs).cause == DOUBLE_TRAP != trap_of(ours).cause
    # While SDT is set, SIE stays 0.
    masked = (ours["mstatus"] ^ theirs["mstatus"]) & ~(FS | SD) in (SIE, SPIE) and not theirs["mstatus"] & ~ours["mstatus"] & (SIE | SPIE)
    interrupted = trap_of(ours).cause & ~trap_of(theirs).cause & INTERRUPT
    returned = SRET in case.program.words_between(0, len(case.program.slots) - 2)
    return {"*"} if masked or returned and (kept or double or interrupted) else set()


def spike_cbo_tval(case, ours, theirs, names):
    """The address of the block instead of the one given."""
    explained = {tval for cause, tval in TRAP_VALUES if tval in names and ours[cause] in STORE_FAULTS + (DOUBLE_TRAP,)
                 and theirs[tval] == ours[tval] & ~63}
    explained |= {value for value in ("mtval2", "htval") if value in names and theirs[value] == ours[value] & ~15}
    return explained if any(word & 0xfff07fff == 0x0040200f for word in case.words_since(ours)) else set()


def spike_cbo_pmp(case, ours, theirs, names):
    """PMP is asked about the byte addressed, not about the whole block."""
    trap = trap_of(ours)
    cbo = case.program.word(trap.epc) & 0x7fff == 0x200f
    return {"*"} if cbo and trap.cause in STORE_FAULTS and trap_of(theirs).epc != trap.epc else set()


def store_read_back(case, ours, theirs, names):
    """What store_in_part left in memory is read, or executed."""
    crossed = any(record[cause] in STORE_FAULTS + (DOUBLE_TRAP,) and not record[tval] & 0xfff
                  for record in case.records for cause, tval in TRAP_VALUES)
    return {"*"} if crossed else set()


def spike_vstip(case, ours, theirs, names):
    """hip.VSTIP stays when henvcfg.STCE goes."""
    explained = only(ours, theirs, names, ("mip", "hip", "vsip"), 0x60)
    return explained | {"*"} if "mip" in explained and not ours["mip"] & 0x40 else set()


QEMU_RULES += [qemu_wide, qemu_sgei, qemu_gva, qemu_hstatus_gva, qemu_vsstatus_sd, qemu_vscause, qemu_mtval2, qemu_htval_by_vs,
               qemu_tval_instruction, qemu_tval_aligned, tval_ebreak, tinst_zero, fs_imprecise, atomic_misaligned,
               qemu_virtual_as_illegal, qemu_ad_write, qemu_pmp_guest, qemu_guest_access, qemu_mprv_guest, qemu_implicit, qemu_amo_nowhere, qemu_sc_failed, qemu_hlvx, crossing_order, platform, endless,
               qemu_tw, qemu_mprv_kept, qemu_mprv_m, qemu_gpa_sign, qemu_sum_fetch, qemu_mret_mpv, qemu_tvm, qemu_vtvm, qemu_mxr, qemu_hgatp_tvm, qemu_csr_zero, qemu_fcsr_zero, qemu_htinst,
               qemu_stale_virtual, qemu_sie_mideleg, read_back, qemu_priority, qemu_tsr, qemu_sfence_inval, qemu_sum, qemu_vstip, qemu_vsip_stip, qemu_vsip_write, qemu_stip,
               qemu_epc_bit0]
QEMU_FINAL += [accessed_in_part, accessed_before_pmp, qemu_ad_dirty, qemu_wide, qemu_misa_b, qemu_envcfg, henvcfg_kept]
SPIKE_RULES += [spike_sgei, spike_medeleg, tinst_zero, fs_imprecise, atomic_misaligned, spike_vstip, spike_sret_sdt, spike_cbo_tval, spike_cbo_pmp, store_read_back, endless]
SPIKE_FINAL += [spike_fiom, henvcfg_kept, store_in_part]


def explainer(machine):
    of_event, of_end = {"qemu": (QEMU_RULES, QEMU_FINAL), "spike": (SPIKE_RULES, SPIKE_FINAL)}[machine]

    def explain(case, ours, theirs, names):
        """Returns the ids that explain, what is left unexplained, and whether the programs part here."""
        left = [name for name in names if case.carried.get(name) != (ours[name], theirs[name])]
        ids, parts = set(), False
        case.explained = set()
        for rule in of_event if "mcause" in ours else of_end:
            explained = rule(case, ours, theirs, left) if left else ()
            if explained:
                ids.add(rule.__name__)
                case.explained |= explained & ours.keys()
                parts = parts or "*" in explained
                left = [] if parts else [name for name in left if name not in explained]
        # What instructions made of a register whose difference is explained.
        registers = {name for name in names if name[0] == "x"}
        if left and set(left) < registers or case.tainted and all(name in registers or name.startswith("data") for name in left):
            left = []
        case.tainted = case.tainted or bool(registers)
        case.carried = {name: (ours[name], theirs[name]) for name in names}
        case.seen |= ids
        return left, parts

    return explain


def hang(machine, ours):
    """The id of the known difference that makes a machine not finish a case, or None."""
    return "endless" if len(ours) > 1 and ours[-2]["mcause"] == INTERRUPT | 7 else None
