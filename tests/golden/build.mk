# Hand-written programs whose traces are golden to the cycle.
RISCV_CC ?= riscv64-unknown-elf-gcc
GOLDEN_ELFS := $(patsubst tests/golden/%.S,build/golden/%.elf,$(wildcard tests/golden/*.S))

.PHONY: golden-programs
golden-programs: $(GOLDEN_ELFS)

build/golden/%.elf: tests/golden/%.S
	@mkdir -p $(@D)
	@$(RISCV_CC) -march=rv64imafdc_zicsr -mabi=lp64 -nostdlib -static -Wl,-N,--build-id=none,--no-warn-rwx-segments \
		-Ttext=0x80000000 $< -o $@
