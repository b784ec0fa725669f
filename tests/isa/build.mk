# Self-checking bare-metal programs: tests/isa/*.c and tests/hyp/*.c, each with the runtime of tests/isa/rt. And what is
# counted with them: make rules, make mutants.
ISA_RT := $(wildcard tests/isa/rt/*)
ISA_ELFS := $(patsubst tests/%.c,build/%.elf,$(wildcard tests/isa/*.c tests/hyp/*.c))
ISA_CFLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -std=gnu17 -O2 -Wall -Wextra -Werror \
	-ffreestanding -fno-common -fno-jump-tables -nostdlib -static -DCPU_SIZE=1024 -Itests/isa/rt \
	-Wl,--build-id=none,--no-warn-rwx-segments,-Ttests/isa/rt/link.ld

.PHONY: isa-programs rules mutants
isa-programs: $(ISA_ELFS)

$(ISA_ELFS): build/%.elf: tests/%.c $(ISA_RT) tests/isa/build.mk
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc $(ISA_CFLAGS) $< tests/isa/rt/rt.c tests/isa/rt/start.S -o $@

rules: all isa-programs insn-programs fp-programs $(BUILD)/plain/rvsim $(BUILD)/tail/unit ## every rule of the specification against the test that proves it
	@tools/check_rules

mutants: test-programs ## plant single faults in the simulator and the firmware: does a test catch each?
	@tools/mutants
