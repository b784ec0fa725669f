# Debian 13's kernel with a screen, a keyboard and a tablet: its modules for them, and a user space that shows and hears.
DISPLAY_MODULES := virtio_mmio drm drm_kms_helper drm_shmem_helper virtio_dma_buf virtio-gpu virtio_input evdev

.PHONY: linux-display
linux-display: ## Linux's console in the window of -display sdl: what is seen, typed and pointed at; as on QEMU
	@tools/install-packages.sh $(PACKAGES_TEST) xz-utils
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/linux/initrd-display board-programs
	@tests/run.py linux_display

$(BUILD)/linux/display-init: tests/display/init.c
	@mkdir -p $(@D)
	@riscv64-linux-gnu-gcc -std=gnu17 -D_GNU_SOURCE -O2 $(WARNINGS) -static -s -Wl,--build-id=none $< -o $@

$(BUILD)/linux/initrd-display: $(BUILD)/linux/display-init $(BUILD)/linux/13/Image tests/linux/initrd.py
	@tests/linux/initrd.py $< $@ --folder=modules $(DISPLAY_MODULES:%=$(BUILD)/linux/13/modules/%.ko)
