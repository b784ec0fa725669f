# Guests of our own: ELF programs for S-mode (or VS-mode) behind an SBI. See tests/guests/README.md.
# Paths are relative to the repository's root; included by its Makefile, or by itself:
#   make -f tests/guests/build.mk

RISCV_CC ?= riscv64-unknown-elf-gcc

GUESTS := hello smp timer paging mmio faults plic race tp rogue reboot counters press left
GUEST_ELFS := $(GUESTS:%=build/guests/%.elf)
GUEST_OBJ := build/guests/obj
GUEST_CFLAGS := -march=rv64imafdc_zicsr_zifencei -mabi=lp64d -mcmodel=medany -O2 -g \
	-std=gnu17 -Wall -Wextra -Werror -ffreestanding -fno-tree-loop-distribute-patterns -MMD -MP
GUEST_LDFLAGS := -nostdlib -static -Wl,--fatal-warnings -Wl,--build-id=none -T tests/guests/rt/link.ld

GUEST_RT := $(patsubst tests/guests/rt/%,$(GUEST_OBJ)/rt/%.o, \
	$(wildcard tests/guests/rt/*.c tests/guests/rt/*.S))
# A guest NAME is NAME.c and, where registers matter, NAME_*.S.
guest_objects = $(patsubst tests/guests/%,$(GUEST_OBJ)/%.o,tests/guests/$(1).c $(wildcard tests/guests/$(1)_*.S))

.PHONY: guests guests-clean
guests: $(GUEST_ELFS) ## build the guest programs of tests/guests

guests-clean: ## remove them
	rm -rf build/guests

$(GUEST_OBJ)/%.o: tests/guests/% tests/guests/build.mk
	@mkdir -p $(@D)
	$(RISCV_CC) $(GUEST_CFLAGS) -c $< -o $@

define guest_rule
build/guests/$(1).elf: $(call guest_objects,$(1)) $(GUEST_RT) tests/guests/rt/link.ld
	$(RISCV_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) $(call guest_objects,$(1)) $(GUEST_RT) -lgcc -o $$@
endef
$(foreach guest,$(GUESTS),$(eval $(call guest_rule,$(guest))))

-include $(wildcard $(GUEST_OBJ)/*.d $(GUEST_OBJ)/rt/*.d)
