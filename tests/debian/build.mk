# Debian 13's user space, as an image whose packages are configured by the machine that boots it. It stays in build/debian.
DEBIAN_PACKAGES = $(LINUX_PACKAGES) debootstrap fakeroot gpgv debian-archive-keyring e2fsprogs

.PHONY: debian
debian: ## Debian 13 installs itself, here and on QEMU, then compiles and computes (builds a kernel first, once)
	@tools/install-packages.sh $(DEBIAN_PACKAGES)
	@$(MAKE) --no-print-directory -j$$(nproc) all $(LINUX)/12/Image $(BUILD)/debian/image
	@tests/run.py debian

$(BUILD)/debian/image: tests/debian/first_stage.sh
	@mkdir -p $(@D)
	@$< $@
