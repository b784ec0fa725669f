# Programs for the debugger and for traces.
DEBUG_ELFS := $(patsubst tests/debug/%.S,$(BUILD)/debug/%.elf,$(wildcard tests/debug/*.S))

.PHONY: debug-programs
debug-programs: $(DEBUG_ELFS)
test-programs: debug-programs

$(BUILD)/debug/%.elf: tests/debug/%.S tests/debug/build.mk
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc -march=rv64imac_zicsr_zifencei -mabi=lp64 -Wa,-march=rv64imafdch_zicsr_zifencei -nostdlib -static \
		-Wl,--build-id=none,--no-warn-rwx-segments,-N,-Ttext=0x80000000 $< -o $@
