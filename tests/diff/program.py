"""The code of a batch, as generate.c wrote it into the ELF file."""
import struct

CASES, CODE_S, CODE_U, CODE_START, STUB_SRET = 0x80800000, 0x80600000, 0x80610000, 0x800, 0x80600400
TABLES, TABLES_END = 0x80641000, 0x806a1000
HEADER = 416  # sizeof(struct diff_case)


class Program:
    """One case."""

    def __init__(self, code, slots, ptes, wild):
        self.code = code
        self.ptes = ptes    # their values at the start
        self.wild = wild    # reserved bits of CSRs may be written
        self.slots = slots  # offsets from CODE_S

    def words_between(self, first, last):
        """The instructions of slots first..last, as far as they have four bytes."""
        at, end = (self.slots[min(slot, len(self.slots) - 1)] - CODE_START for slot in (first, last + 1))
        while at < end:
            word = struct.unpack_from("<H", self.code, at)[0]
            if word & 3 == 3:
                yield struct.unpack_from("<I", self.code, at)[0]
            at += 4 if word & 3 == 3 else 2

    def maps_tables(self, number):
        """Whether a page table entry is the G-stage's for a page of tables."""
        return self.ptes[number] & 0x10 and TABLES <= self.ptes[number] << 2 & 0xfffffffffff000 < TABLES_END

    def word(self, address):
        """The instruction at an address of either copy of the code; 0 elsewhere."""
        if address == STUB_SRET:
            return 0x10200073
        for base in (CODE_S, CODE_U):
            at = address - base - CODE_START
            if 0 <= at <= len(self.code) - 4:
                word = struct.unpack_from("<I", self.code, at)[0]
                return word if word & 3 == 3 else word & 0xffff
        return 0


def programs_of(path):
    with open(path, "rb") as file:
        elf = file.read()
    offset, count = struct.unpack_from("<Q", elf, 32)[0], struct.unpack_from("<H", elf, 56)[0]
    for at in range(offset, offset + 56 * count, 56):
        kind, _, start, _, physical = struct.unpack_from("<IIQQQ", elf, at)
        if physical == CASES:
            break
    programs, at = [], start + 8
    for _ in range(struct.unpack_from("<Q", elf, start)[0]):
        size, _, slots, ptes, code, _, wild = struct.unpack_from("<7I", elf, at)
        if size != HEADER + 16 * ptes + code:
            raise ValueError(f"{path}: a case of {size} bytes is not what program.py expects")
        values = struct.unpack_from(f"<{2 * ptes}Q", elf, at + HEADER)[1::2]
        programs.append(Program(elf[at + HEADER + 16 * ptes:at + size],
                                struct.unpack_from(f"<{slots + 1}H", elf, at + 28), values, wild))
        at += size
    return programs
