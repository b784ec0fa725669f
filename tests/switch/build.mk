# One-purpose hypervisors: what their exits spend must show where it belongs.
SWITCH_VARIANTS := PLAIN FENCE DCACHE ICACHE BRANCH WALK WAIT TRAP CALL
SWITCH_ELFS := $(SWITCH_VARIANTS:%=$(BUILD)/switch/%.elf)

.PHONY: switch-programs
switch-programs: $(SWITCH_ELFS)

$(BUILD)/switch/%.elf: tests/switch/switch.S tests/switch/build.mk
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc -march=rv64imac_zicsr_zifencei -mabi=lp64 -Wa,-march=rv64imach_zicsr_zifencei -nostdlib -static -D$* \
		-Wl,--build-id=none,--no-warn-rwx-segments,-N,-Ttext=0x80000000 $< -o $@
