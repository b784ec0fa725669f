# Builds build/firmware.elf (machine mode and hypervisor) and build/firmware-s.elf (the hypervisor alone, as a
# payload of OpenSBI). Included by the top-level Makefile; works by itself too: make -f firmware/build.mk
# Needs gcc-riscv64-unknown-elf.

RISCV_CC ?= riscv64-unknown-elf-gcc
WARNINGS ?= -Wall -Wextra -Werror

.PHONY: firmware
firmware: build/firmware.elf build/firmware-s.elf ## build the hypervisor, for machine mode and for OpenSBI

FW_CFLAGS := -std=gnu17 -march=rv64imafdc_zicsr_zifencei -mabi=lp64 -mcmodel=medany -O2 -g \
	$(WARNINGS) -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-ffreestanding -nostdlib -fno-common -fno-stack-protector -fno-pic -Ifirmware
FW_LDFLAGS := -static -Wl,--gc-sections -Wl,--build-id=none -Wl,-T,firmware/firmware.lds -Wl,--no-warn-rwx-segments

# A new file in any folder needs no edit here. Only firmware.elf has the machine-mode layer.
FW_M_SOURCES := $(sort $(wildcard firmware/*.S firmware/*/*.S firmware/*/*.c))
FW_S_SOURCES := $(filter-out firmware/machine/%,$(FW_M_SOURCES))
fw_objects = $(patsubst firmware/%,build/$(1)/%.o,$(2))
FW_M_OBJECTS := $(call fw_objects,fw,$(FW_M_SOURCES))
FW_S_OBJECTS := $(call fw_objects,fw-s,$(FW_S_SOURCES))

build/firmware.elf: FW_BASE := 0x80000000
build/firmware.elf: FW_ENTRY := _start
build/firmware.elf: $(FW_M_OBJECTS)
build/firmware-s.elf: FW_BASE := 0x80200000
build/firmware-s.elf: FW_ENTRY := hypervisor_entry
build/firmware-s.elf: $(FW_S_OBJECTS)

build/firmware.elf build/firmware-s.elf: firmware/firmware.lds firmware/build.mk
	@echo '  LD     $@'
	@$(RISCV_CC) $(FW_CFLAGS) $(FW_LDFLAGS) -Wl,--defsym=image_base=$(FW_BASE) -Wl,-e,$(FW_ENTRY) \
		-o $@ $(filter %.o,$^)

# The offsets that .S files use are what the compiler says they are.
build/fw/asm_offsets.h build/fw-s/asm_offsets.h: firmware/asm_offsets.c firmware/build.mk
	@mkdir -p $(@D)
	@$(RISCV_CC) $(FW_CFLAGS) -MMD -MP -MF $@.d -MT $@ -S -o $(@D)/asm_offsets.s $<
	@sed -n 's/.*"->\([A-Z0-9_]*\) \(-\{0,1\}[0-9]*\)".*/#define \1 \2/p' $(@D)/asm_offsets.s >$@

define fw_rules
build/$(1)/%.c.o: firmware/%.c firmware/build.mk
	@mkdir -p $$(@D)
	@echo '  RISCV  $$<'
	@$$(RISCV_CC) $$(FW_CFLAGS) -MMD -MP -c -o $$@ $$<
build/$(1)/%.S.o: firmware/%.S build/$(1)/asm_offsets.h firmware/build.mk
	@mkdir -p $$(@D)
	@echo '  RISCV  $$<'
	@$$(RISCV_CC) $$(FW_CFLAGS) -Ibuild/$(1) -MMD -MP -c -o $$@ $$<
endef
$(eval $(call fw_rules,fw))
$(eval $(call fw_rules,fw-s))

-include $(FW_M_OBJECTS:.o=.d) $(FW_S_OBJECTS:.o=.d) build/fw/asm_offsets.h.d build/fw-s/asm_offsets.h.d
