"""
Recognizes the differences that known.md explains, each as narrowly as it can be told from the records.

A rule is called with the case so far, ours and theirs of a record that differs, and the names that differ; it returns the
names that it explains. Rules of PARTS_WAYS explain a difference after which the two programs do different things, so the
rest of the case is not compared.
"""
PARTS_WAYS = {"spike_vstip", "atomic_misaligned"}


class Case:
    """Our records of a case before the one in question, and the ids of what differed in them."""

    def __init__(self):
        self.records = []
        self.seen = set()


QEMU_RULES = []   # for the record of a trap
QEMU_FINAL = []   # for the record at the end
SGEI = 1 << 12
GVA = 1 << 38
SD = 1 << 63
MPRV = 1 << 17
FS = 3 << 13
LOAD_FAULTS = (5, 13, 21)
STORE_FAULTS = (6, 7, 15, 23)
ADUE = 1 << 61
PBMTE = 1 << 62

SPIKE_RULES = []
SPIKE_FINAL = []


def only(ours, theirs, names, which, bits):
    """Those of the registers `which` that differ in no other than these bits."""
    return {name for name in which if name in names and not (ours[name] ^ theirs[name]) & ~bits}


def masked(ours, theirs, names, which, bits):
    """`only`, and case registers that differ in just one of these bits: an interrupt may come between a CSR's read and the
    instruction that takes what is vague off."""
    registers = {name for name in names if name[0] == "x" and (ours[name] ^ theirs[name]) == bits}
    return only(ours, theirs, names, which, bits) | registers


def qemu_sgei(case, ours, theirs, names):
    return masked(ours, theirs, names, ("mideleg", "mie", "hie"), SGEI)


def qemu_gva(case, ours, theirs, names):
    return masked(ours, theirs, names, ("mstatus",), GVA)


def qemu_vsstatus_sd(case, ours, theirs, names):
    return masked(ours, theirs, names, ("vsstatus",), SD)


def qemu_tinst_zero(case, ours, theirs, names):
    """A transformed instruction (bit 0 set) here, 0 there."""
    return {name for name in ("mtinst", "htinst") if name in names and ours[name] & 1 and theirs[name] == 0}


INSTRUCTION_CAUSES = (2, 22)
GUEST_PAGE_FAULTS = (20, 21, 23)
TRAP_VALUES = (("mcause", "mtval"), ("scause", "stval"), ("vscause", "vstval"))


def qemu_tval_instruction(case, ours, theirs, names):
    """The word of an illegal or virtual instruction: QEMU writes 0, or that of another one."""
    return {tval for cause, tval in TRAP_VALUES if tval in names and ours[cause] in INSTRUCTION_CAUSES}


def qemu_tval_ebreak(case, ours, theirs, names):
    return {tval for cause, tval in TRAP_VALUES if tval in names and ours[cause] == 3 and theirs[tval] == 0}


def qemu_vscause(case, ours, theirs, names):
    """Exceptions 2 and 6 are numbered as if they were interrupts of the VS level."""
    return {"vscause"} if "vscause" in names and (ours["vscause"], theirs["vscause"]) in ((2, 1), (6, 5)) else set()


def qemu_mtval2(case, ours, theirs, names):
    """mtval2 keeps what the last guest-page fault left."""
    return {"mtval2"} if "mtval2" in names and ours["mtval2"] == 0 and ours["mcause"] not in GUEST_PAGE_FAULTS else set()


def first_cause(record):
    """The registers of the trap that a record is about: those of M, or those of HS where it came through the vector."""
    if record["mcause"] == 9 and record["mepc"] & ~0x1ff == 0x80600000:
        return "scause", "stval"
    return "mcause", "mtval"


def is_csr(word):
    return word & 0x7f == 0x73 and word >> 12 & 3 != 0


def qemu_virtual_as_illegal(case, ours, theirs, names):
    """From VU: supervisor CSRs, sret and fences raise a virtual-instruction exception."""
    cause, tval = first_cause(ours)
    if cause not in names or (ours[cause], theirs[cause]) != (22, 2):
        return set()
    word = ours[tval]
    if is_csr(word) and word >> 28 & 3 == 1:
        return {cause}
    if word == 0x10200073 or word & 0xfe007fff in (0x12000073, 0x16000073, 0x22000073, 0x62000073, 0x26000073, 0x66000073):
        return {cause}
    return set()


def qemu_guest_access(case, ours, theirs, names):
    """HLV, HSV, and MPRV with MPV: a VS-stage page fault becomes an access fault where satp is bare."""
    cause, tval = first_cause(ours)
    if cause not in names or (ours[cause], theirs[cause]) not in ((13, 5), (15, 7)) or ours["satp"] >> 60:
        return set()
    tinst = ours["mtinst" if cause == "mcause" else "htinst"]
    return {cause} if tinst & 0x707f == 0x4073 or ours["mstatus"] & MPRV else set()


def qemu_hstatus_gva(case, ours, theirs, names):
    """A trap to VS clears hstatus.GVA; one to HS sets it for HLV and HSV with the wrong value."""
    return masked(ours, theirs, names, ("hstatus",), 1 << 6)


def qemu_htval(case, ours, theirs, names):
    """htval keeps what the last guest-page fault left, for traps that are none."""
    return {"htval"} if "htval" in names and ours["htval"] == 0 and ours["scause"] not in GUEST_PAGE_FAULTS else set()


def qemu_tval_aligned(case, ours, theirs, names):
    """A misaligned access across pages is made as two aligned ones, and tval is the address of the first."""
    explained = {tval for cause, tval in TRAP_VALUES if tval in names and ours[cause] in LOAD_FAULTS
                 and theirs[tval] in (ours[tval] & ~1, ours[tval] & ~3, ours[tval] & ~7)}
    for value, cause in (("mtval2", "mcause"), ("htval", "scause")):
        if value in names and ours[cause] in LOAD_FAULTS and theirs[value] == ours[value] & ~1:
            explained.add(value)
    return explained


def qemu_amo_nowhere(case, ours, theirs, names):
    """An AMO where there is no memory reads first."""
    cause, _ = first_cause(ours)
    tinst = ours["mtinst" if cause == "mcause" else "htinst"]
    return {cause} if cause in names and (ours[cause], theirs[cause]) == (7, 5) and tinst & 0x7f == 0x2f else set()


QEMU_RULES += [qemu_hstatus_gva, qemu_htval, qemu_tval_aligned, qemu_amo_nowhere]
QEMU_RULES += [qemu_sgei, qemu_gva, qemu_vsstatus_sd, qemu_tinst_zero, qemu_tval_instruction, qemu_tval_ebreak, qemu_vscause,
               qemu_mtval2, qemu_virtual_as_illegal, qemu_guest_access]


def spike_sgei(case, ours, theirs, names):
    return masked(ours, theirs, names, ("mideleg", "mie", "hie"), SGEI)


def spike_medeleg(case, ours, theirs, names):
    """Fetches are never misaligned where there is C: bit 0 may be there or not."""
    return only(ours, theirs, names, ("medeleg", "hedeleg"), 0xc0001)


def spike_tinst_zero(case, ours, theirs, names):
    return {name for name in ("mtinst", "htinst") if name in names and ours[name] & 1 and theirs[name] == 0}


def fs_imprecise(case, ours, theirs, names):
    """A load of a floating-point register that faults leaves FS dirty on rvsim. norm:mstatus_fs_imprecise"""
    explained = {name for name in ("mstatus", "vsstatus") if name in names and not (ours[name] ^ theirs[name]) & ~(FS | SD | GVA)
                 and ours[name] & FS == FS}
    if "fs_imprecise" in case.seen:
        explained |= {name for name in names if name[0] == "x" and not (ours[name] ^ theirs[name]) & ~(FS | SD)}
    return explained


def atomic_misaligned(case, ours, theirs, names):
    """A misaligned LR, SC or AMO, which alone raises causes 4 and 6 here: address-misaligned or access fault."""
    return {cause for cause, tval in TRAP_VALUES if cause in names and ours[cause] in (4, 6) and ours[tval] & 7}


def store_in_part(case, ours, theirs, names):
    """The bytes before a page's end may be written though those after it fault."""
    crossed = any(record[cause] in STORE_FAULTS and not record[tval] & 0xfff
                  for record in case.records for cause, tval in TRAP_VALUES)
    return {name for name in names if name.startswith("data")} if crossed else set()


def spike_vstip(case, ours, theirs, names):
    """hip.VSTIP stays when henvcfg.STCE goes."""
    explained = only(ours, theirs, names, ("mip", "hip", "vsip"), 0x60)
    return explained if "mip" in explained and not ours["mip"] & 0x40 else set()


SPIKE_RULES += [spike_sgei, spike_medeleg, spike_tinst_zero, fs_imprecise, atomic_misaligned, spike_vstip]
SPIKE_FINAL += [store_in_part]


def spike_fiom(case, ours, theirs, names):
    return only(ours, theirs, names, ("menvcfg", "henvcfg", "senvcfg"), 1)


SPIKE_FINAL += [spike_fiom]


def qemu_misa_b(case, ours, theirs, names):
    return only(ours, theirs, names, ("misa",), 1 << 1)


def henvcfg_kept(case, ours, theirs, names):
    """henvcfg's bits that menvcfg holds down come back on others when menvcfg lets go, and do not here. The spec only says
    that they are read-only zero meanwhile."""
    return only(ours, theirs, names, ("henvcfg",), 7 << 61 | 1)


def qemu_adue(case, ours, theirs, names):
    """QEMU 7.2 always sets A and D itself and has no ADUE; it has PBMTE even without Svpbmt."""
    return only(ours, theirs, names, ("menvcfg", "henvcfg"), ADUE | PBMTE)


SPIKE_FINAL += [henvcfg_kept]
QEMU_RULES += [fs_imprecise]
QEMU_FINAL += [qemu_misa_b, qemu_adue, henvcfg_kept]


def explainer(machine):
    of_event, of_end = {"qemu": (QEMU_RULES, QEMU_FINAL), "spike": (SPIKE_RULES, SPIKE_FINAL)}[machine]

    def explain(case, ours, theirs, names):
        rules = of_event if "mcause" in ours else of_end
        left, ids = list(names), set()
        for rule in rules:
            explained = rule(case, ours, theirs, left)
            if explained:
                ids.add(rule.__name__)
                left = [] if rule.__name__ in PARTS_WAYS else [name for name in left if name not in explained]
                if not left:
                    break
        return ids, left

    return explain


def parts_ways(ids):
    return bool(ids & PARTS_WAYS)


def hang(machine, ours):
    """The id of the known difference that makes a machine not finish a case, or None."""
    return None
