# Programs whose exits are known, for exports.
.PHONY: export-programs
export-programs: $(BUILD)/export/thousand.elf
test-programs: export-programs

$(BUILD)/export/%.elf: tests/export/%.S tests/export/build.mk
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc -march=rv64imac -mabi=lp64 -nostdlib -static -Wl,--build-id=none,--no-warn-rwx-segments,-N,-Ttext=0x80200000 $< -o $@
