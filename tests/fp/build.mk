# Floating point against another implementation: the same cases on the simulator's handlers and on real instructions.
# Paths are relative to the repository's root; included by its Makefile, or by itself:
#   make -f tests/fp/build.mk fp-test
# FP_REFERENCE runs a static RISC-V Linux program with D and Zfh: qemu-riscv64 (Debian: qemu-user), or nothing on
# hardware.

RISCV_CC ?= riscv64-unknown-elf-gcc
FP_CC ?= $(or $(CC_SIM),cc)
FP_SEED ?= 1
FP_RANDOMS ?= 50000000
FP_SHORTCUTS ?= 10000000

FP_BUILD := build/tests/fp
FP_CFLAGS := -std=gnu17 -O2 -Wall -Wextra -Werror -Isim -Itests/fp
FP_SHARED := tests/fp/cases.h tests/fp/instructions.def
FP_SIM := sim/hart/fp.h sim/hart/fp_host.h sim/engine/op.h sim/hart/hart.h

.PHONY: fp-test fp-long fp-programs

fp-programs: $(FP_BUILD)/guest $(FP_BUILD)/check

# A few seconds: all special values, a million random cases.
fp-test: $(FP_BUILD)/guest $(FP_BUILD)/check ## floating point against qemu-riscv64, seconds
	tests/fp/run.sh $(FP_BUILD) $(FP_SEED)

# Minutes: three special operands in every combination too, FP_RANDOMS random cases, and the short cuts through the
# host's FPU against the integer arithmetic, as two compilers see them.
fp-long: $(FP_BUILD)/guest $(FP_BUILD)/check $(FP_BUILD)/shortcuts-gcc $(FP_BUILD)/shortcuts-clang ## the same, minutes
	tests/fp/run.sh $(FP_BUILD) $(FP_SEED) $(FP_RANDOMS) 1
	$(FP_BUILD)/shortcuts-gcc $(FP_SEED) $(FP_SHORTCUTS)
	$(FP_BUILD)/shortcuts-clang $(FP_SEED) $(FP_SHORTCUTS)

$(FP_BUILD)/guest: tests/fp/guest.c $(FP_SHARED) tests/fp/build.mk
	@mkdir -p $(@D)
	$(RISCV_CC) -march=rv64imafdc_zicsr_zfh -mabi=lp64d -mcmodel=medany -std=gnu17 -O2 -Wall -Wextra -Werror \
		-ffreestanding -nostdlib -static -Wl,--no-warn-rwx-segments -Itests/fp tests/fp/guest.c -lgcc -o $@

$(FP_BUILD)/check: tests/fp/check.c $(FP_SHARED) $(FP_SIM) sim/engine/op_fp.c sim/hart/fp.c tests/fp/build.mk
	@mkdir -p $(@D)
	$(FP_CC) $(FP_CFLAGS) tests/fp/check.c sim/engine/op_fp.c sim/hart/fp.c -lm -o $@

FP_SHORTCUTS_FROM := tests/fp/shortcuts.c sim/hart/fp.c

$(FP_BUILD)/shortcuts-gcc: $(FP_SHORTCUTS_FROM) tests/fp/shortcuts.h $(FP_SHARED) $(FP_SIM) tests/fp/build.mk
	@mkdir -p $(@D)
	gcc $(FP_CFLAGS) -O3 $(FP_SHORTCUTS_FROM) -lm -o $@

$(FP_BUILD)/shortcuts-clang: $(FP_SHORTCUTS_FROM) tests/fp/shortcuts.h $(FP_SHARED) $(FP_SIM) tests/fp/build.mk
	@mkdir -p $(@D)
	clang-19 $(FP_CFLAGS) -O3 $(FP_SHORTCUTS_FROM) -lm -o $@
