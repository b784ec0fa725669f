# One-purpose hypervisors: what their exits spend must show where it belongs.
SWITCH_VARIANTS := PLAIN FENCE DCACHE ICACHE BRANCH WALK WAIT TRAP CALL
SWITCH_ELFS := $(SWITCH_VARIANTS:%=$(BUILD)/switch/%.elf)

.PHONY: switch-programs
switch-programs: $(SWITCH_ELFS)

$(BUILD)/switch/%.elf: tests/switch/switch.S tests/switch/build.mk
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc -march=rv64imac_zicsr_zifencei -mabi=lp64 -Wa,-march=rv64imach_zicsr_zifencei -nostdlib -static -D$* \
		-Wl,--build-id=none,--no-warn-rwx-segments,-N,-Ttext=0x80000000 $< -o $@

# The guest of docs/world-switch.md.
$(GUEST_OBJ)/switch/exits.c.o: tests/switch/exits.c tests/guests/build.mk
	@mkdir -p $(@D)
	@$(RISCV_CC) $(GUEST_CFLAGS) -c $< -o $@

build/switch/exits.elf: $(GUEST_OBJ)/switch/exits.c.o $(GUEST_RT) tests/guests/rt/link.ld
	@mkdir -p $(@D)
	@$(RISCV_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) $< $(GUEST_RT) -lgcc -o $@

switch-programs: build/switch/exits.elf

.PHONY: world-switch
world-switch: all switch-programs ## measure what VM exits cost on cva6, rocket and u74, into docs/world-switch.md
	@tests/switch/measure.py --write
