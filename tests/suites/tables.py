"""insn.def and csr.def against binutils, other implementations and each other."""
from suites.tools import RVSIM, expect_equal, run, run_program_suite


def reset_vector():
    """norm:pc_rst: every hart starts in the boot ROM, in M-mode."""
    status, out, err = run([RVSIM, "-smp", "2", "-S", "--debug-cmd", "print $pc\nhart 1\nprint $pc\nquit", "build/hyp/virtual.elf"])
    words = (out + err).split()
    expect_equal((words.count("0x1000"), " ".join(words).count("hart 1 M cycle 0")), (2, 1), f"two pcs and a mode in {out + err}")


def cases():
    yield "reset-vector", reset_vector
    yield "instructions", lambda: run_program_suite(["tools/check_insn"])
    yield "operands", lambda: run_program_suite(["tests/insn/run.sh", "build/tests/insn"])
