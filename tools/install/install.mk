# Installing: make install [DESTDIR=...] [PREFIX=/usr/local], make deb.
PREFIX ?= /usr/local
BINDIR := $(DESTDIR)$(PREFIX)/bin
LIBDIR := $(DESTDIR)$(PREFIX)/lib/rvsim
SHAREDIR := $(DESTDIR)$(PREFIX)/share
MAN_PAGES := rvsim.1 rvtrace.1 rvsim-ci.1 rvsim-sweep.1

.PHONY: install uninstall deb man commit-is
$(BUILD)/include/commit.h: commit-is
	@tools/install/commit $@
commit-is:
$(foreach variant,tail plain asan fuzz fuzz-tail fuzz-plain,$(BUILD)/obj/$(variant)/sim/cli/about.o): $(BUILD)/include/commit.h

man: $(MAN_PAGES:%=$(BUILD)/man/%) ## build the manual pages, out of what --help says

$(BUILD)/man/rvsim.1: $(BUILD)/rvsim tools/install/manpage
	@mkdir -p $(@D)
	@$(BUILD)/rvsim --help | tools/install/manpage rvsim 'cycle-level RISC-V simulator with the hypervisor extension' --see-also rvtrace,qemu-system-riscv64 >$@
$(BUILD)/man/rvtrace.1: $(BUILD)/rvtrace tools/install/manpage
	@mkdir -p $(@D)
	@$(BUILD)/rvtrace --help | tools/install/manpage rvtrace 'read the traces that rvsim writes' --see-also rvsim >$@

$(BUILD)/man/rvsim-ci.1: tools/rvsim-ci tools/install/manpage
	@mkdir -p $(@D)
	@COLUMNS=100 tools/rvsim-ci --help | tools/install/manpage rvsim-ci 'run and judge many runs of rvsim' --see-also rvsim,rvtrace >$@

$(BUILD)/man/rvsim-sweep.1: tools/rvsim-sweep tools/install/manpage
	@mkdir -p $(@D)
	@COLUMNS=100 tools/rvsim-sweep --help | tools/install/manpage rvsim-sweep 'run a program under many settings' --see-also rvsim,rvsim-ci >$@

install: all man ## install under DESTDIR and PREFIX (/usr/local)
	install -d $(BINDIR) $(LIBDIR)/guests $(SHAREDIR)/man/man1 $(SHAREDIR)/doc/rvsim/docs \
		$(SHAREDIR)/bash-completion/completions $(SHAREDIR)/zsh/site-functions
	install -m 755 $(BUILD)/rvsim $(BUILD)/rvtrace tools/rvsim-ci tools/rvsim-sweep $(BINDIR)
	install -d $(SHAREDIR)/rvsim/rvsimlib
	install -m 644 $(wildcard tools/rvsimlib/*.py) $(SHAREDIR)/rvsim/rvsimlib
	install -m 644 $(BUILD)/firmware.elf $(BUILD)/firmware-s.elf $(LIBDIR)
	install -m 644 $(wildcard $(BUILD)/guests/*.elf) $(LIBDIR)/guests
	install -m 644 $(MAN_PAGES:%=$(BUILD)/man/%) $(SHAREDIR)/man/man1
	install -m 644 tools/install/rvsim.bash $(SHAREDIR)/bash-completion/completions/rvsim
	for name in rvtrace rvsim-ci rvsim-sweep; do ln -sf rvsim $(SHAREDIR)/bash-completion/completions/$$name; done
	install -m 644 tools/install/_rvsim $(SHAREDIR)/zsh/site-functions
	install -m 644 README.md $(SHAREDIR)/doc/rvsim
	install -m 644 $(wildcard docs/*.md) $(SHAREDIR)/doc/rvsim/docs

uninstall: ## take away what install put there
	rm -f $(BINDIR)/rvsim $(BINDIR)/rvtrace $(BINDIR)/rvsim-ci $(BINDIR)/rvsim-sweep $(MAN_PAGES:%=$(SHAREDIR)/man/man1/%) $(SHAREDIR)/zsh/site-functions/_rvsim \
		$(patsubst %,$(SHAREDIR)/bash-completion/completions/%,rvsim rvtrace rvsim-ci rvsim-sweep)
	rm -rf $(LIBDIR) $(SHAREDIR)/doc/rvsim $(SHAREDIR)/rvsim

deb: all man ## build a Debian package: build/rvsim_VERSION_ARCH.deb
	@tools/install-packages.sh $(PACKAGES_BUILD) dpkg-dev fakeroot
	@fakeroot tools/install/deb $(BUILD)
