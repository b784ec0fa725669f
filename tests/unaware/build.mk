# A program for M-mode that is older than most extensions: what it runs into is off by default.
.PHONY: unaware-programs
unaware-programs: build/unaware/unaware.elf

build/unaware/unaware.elf: tests/unaware/unaware.S
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc -march=rv64ima_zicsr -mabi=lp64 -nostdlib -static -Wl,-N,--build-id=none,--no-warn-rwx-segments \
		-Ttext=0x80000000 $< -o $@
