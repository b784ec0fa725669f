"""insn.def and csr.def against binutils and each other."""
from suites.tools import run_program_suite


def cases():
    yield "instructions", lambda: run_program_suite(["tools/check_insn"])
