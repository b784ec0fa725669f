# The firmware's machine-mode layer with a test in the hypervisor's place.
.PHONY: machine-programs
machine-programs: $(BUILD)/machine/payload.elf

MACHINE_LAYER := $(filter build/fw/machine/% build/fw/lib/% build/fw/arch/% build/fw/platform/%,$(FW_M_OBJECTS))

$(BUILD)/machine/payload.elf: tests/machine/payload.c tests/machine/payload.S tests/machine/build.mk firmware/firmware.lds $(MACHINE_LAYER)
	@mkdir -p $(@D)
	@$(RISCV_CC) $(FW_CFLAGS) $(FW_LDFLAGS) -Wl,--defsym=image_base=0x80000000 -Wl,-e,_start \
		-o $@ $(MACHINE_LAYER) tests/machine/payload.c tests/machine/payload.S
