"""insn.def and csr.def against binutils, other implementations and each other; who may include whom."""
import glob
from suites.tools import run_program_suite


def cases():
    yield "instructions", lambda: run_program_suite(["tools/check_insn"])
    yield "operands", lambda: run_program_suite(["make", "-s", "insn-test"])
    yield "layers", lambda: run_program_suite(["tools/check_layers", *glob.glob("build/obj/tail/sim/**/*.o", recursive=True)])
