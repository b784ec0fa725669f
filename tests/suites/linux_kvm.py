"""Linux with KVM on the hypervisor extension, here and on QEMU: a virtual machine of our own (tests/linux/init/kvm.c), and the six
selftests that the kernel has for KVM on RISC-V. Long, and needs what `make kvm` builds."""
import re
from suites.linux import KERNELS, OPENSBI, TROUBLE
from suites.tools import QEMU, RVSIM, expect, expect_equal, run

INITRD = "build/linux/initrd-kvm"
SELFTESTS = ["demand_paging_test", "dirty_log_test", "kvm_binary_stats_test", "kvm_create_max_vcpus", "kvm_page_table_test",
             "set_memory_region_test"]
# The selftests' guests have 1 GiB, and some of it twice.
BOARD = ["-M", "virt", "-smp", "2", "-m", "3G", "-nographic", "-bios", OPENSBI["1.6"], "-kernel", KERNELS["6.1"], "-initrd", INITRD]
OURS = [RVSIM, "--timing", "off"]
THEIRS = [QEMU[0], "-accel", "tcg,thread=single"]


def passes(command, task, wanted, seconds):
    status, out, err = run([*command, *BOARD, "-append", f"console=ttyS0 task={task}"], seconds)
    out = out.replace("\r", "")
    expect(re.search("^DONE$", out, re.M) and status == 0, f"exit {status}:\n{out[-2000:]}\n{err[-300:]}")
    expect("kvm [1]: hypervisor extension available" in out, f"the kernel has no KVM:\n{out[:3000]}")
    expect(not re.findall(TROUBLE, out), f"the kernel complains:\n{out[-3000:]}")
    expect_equal(re.findall(r"^OK (.*)$", out, re.M), wanted, task)


def cases():
    machine = ["a virtual machine"]
    yield "machine", lambda: passes(OURS, "kvm", machine, 300)
    yield "machine-qemu", lambda: passes(THEIRS, "kvm", machine, 600)
    yield "machine-cva6", lambda: passes([RVSIM, "--cpu", "cva6"], "kvm", machine, 1200)
    yield "machine-checked", lambda: passes([*OURS, "--isa", "all"], "kvm", machine, 300)
    yield "selftests", lambda: passes(OURS, "selftests", SELFTESTS, 7200)
