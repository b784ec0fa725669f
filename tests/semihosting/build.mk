# Programs that call their host, in each mode.
SEMIHOSTING_MODES := M S U VS VU
SEMIHOSTING := $(foreach mode,$(SEMIHOSTING_MODES),calls-$(mode) modes-$(mode)) input-M names-M exit-M
SEMIHOSTING_CC := riscv64-unknown-elf-gcc -march=rv64imafdc_zicsr -mabi=lp64d -mcmodel=medany -O1 -g -std=gnu17 -Wall -Wextra -Werror -Wno-main \
	-ffreestanding -fno-builtin -nostdlib -static -Wl,-n,-Ttext=0x80000000,--build-id=none,--no-warn-rwx-segments

.PHONY: semihosting-programs
semihosting-programs: $(SEMIHOSTING:%=$(BUILD)/semihosting/%.elf)

$(BUILD)/semihosting/%.elf: tests/semihosting/start.S tests/semihosting/*.[ch] tests/semihosting/build.mk
	@mkdir -p $(@D)
	$(SEMIHOSTING_CC) -DMODE=$(lastword $(subst -, ,$*)) tests/semihosting/start.S tests/semihosting/$(firstword $(subst -, ,$*)).c -o $@
