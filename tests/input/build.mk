# Small M-mode programs that ask the host for input, each in its way, or do not.
INPUT_ELFS := $(patsubst tests/input/%.S,build/input/%.elf,$(wildcard tests/input/*.S))

.PHONY: input-programs
input-programs: $(INPUT_ELFS)

build/input/%.elf: tests/input/%.S tests/input/console.h
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc -march=rv64imafdc_zicsr -mabi=lp64 -nostdlib -static -Itests/input \
		-Wl,-N,--build-id=none,--no-warn-rwx-segments -Ttext=0x80000000 $< -o $@
