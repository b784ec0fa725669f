# A hypervisor one of whose exits is slow, to be found by eye.
.PHONY: view-programs
view-programs: $(BUILD)/view/SLOW.elf $(BUILD)/view/FOREVER.elf

$(BUILD)/view/%.elf: tests/view/slow.S tests/view/build.mk
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc -march=rv64ima_zicsr -mabi=lp64 -Wa,-march=rv64imah_zicsr -nostdlib -static -D$* \
		-Wl,--build-id=none,--no-warn-rwx-segments,-N,-Ttext=0x80000000 $< -o $@
