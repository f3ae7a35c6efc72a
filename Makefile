# SPDX-License-Identifier: GPL-2.0
#
# `make help` lists what can be made. The list of the module's objects is in
# Kbuild, which the kernel's build system and DKMS read instead of this file.

SIPALG_VERSION := $(shell sed -n 's/^.define SIPALG_VERSION[[:space:]]*"\(.*\)"/\1/p' \
			include/sipalg_version.h)

# The kernel to build for, in full. KVER picks one whose headers are installed,
# by its name or the beginning of it (6.1 is not 6.12); the newest that fits.
# Without KVER it is the running kernel, or else the newest. It is looked up
# when it is first needed, so that `make help` works without any.
KVER ?=
pick_kernel = exact=$(or $(KVER),$$(uname -r)); \
	if [ -e "/lib/modules/$$exact/build" ]; then echo "$$exact"; exit; fi; \
	for k in /lib/modules/*/build; do \
		[ -e "$$k" ] || continue; \
		k=$${k%/build}; k=$${k\#/lib/modules/}; \
		case "$$k" in $(if $(KVER),"$(KVER)"[!0-9])*) echo "$$k";; esac; \
	done | LC_ALL=C sort -V | tail -n 1
no_kernel = There are no kernel headers$(if $(KVER), for KVER=$(KVER)) in \
	/lib/modules/*/build; install some (Debian: linux-headers-amd64)
KREL = $(eval KREL := $$(or $$(shell $$(pick_kernel)),$$(error $$(no_kernel))))$(KREL)

# A directory per kernel, so that two can be built side by side. It is a tree
# of links to the sources, and the kernel's build system sees nothing else.
BUILD = $(CURDIR)/build/$(KREL)
KDIR = /lib/modules/$(KREL)/build
KBUILD_MAKE = $(MAKE) -C $(KDIR) M=$(BUILD)

# What the module is built from.
sources = find ./Kbuild ./kmod ./include \( -name Kbuild -o -name '*.[ch]' \) ! -name '*.mod.c'

# Scripts get KVER from the environment, and no options of this make.
run = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(if $(KVER),KVER='$(KVER)')

PREFIX ?= /usr/local
DESTDIR ?=
DKMS_NAME = sipalg/$(SIPALG_VERSION)
DKMS_SRC = /usr/src/sipalg-$(SIPALG_VERSION)

.PHONY: all help modules userspace demo bench check check-hard kunit static install \
	modules-install userspace-install dkms-install dkms-remove deb check-config \
	kernel-release clean

all: modules userspace	## build the module and sipalgctl (the default)

help:	## this list
	@echo "sipalg $(SIPALG_VERSION): make TARGET [KVER=6.1|6.12|FULL-RELEASE]"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*##[[:space:]]*\(.*\)/  \1|\2/p' Makefile | \
		awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
	@echo
	@echo "KVER is a kernel whose headers are installed; without it: the running one, else the newest."

modules:	## build build/RELEASE/sipalg.ko for one kernel
	@mkdir -p $(BUILD)
	@find $(BUILD) -type l ! -exec test -e {} \; -delete
	@$(sources) | while read -r f; do \
		mkdir -p $(BUILD)/$${f%/*} && ln -sf $(CURDIR)/$$f $(BUILD)/$$f || exit; \
	done
	$(KBUILD_MAKE) modules

userspace:	## build userspace/sipalgctl
	$(MAKE) -C userspace

demo:	## see three calls get through a gateway in a VM (as root)
	$(run) tests/demo

bench:	## measure what a message costs, beside the kernel's helper and libraries (as root)
	$(run) tests/bench/run

check:	## run the tests (as root)
	$(run) tests/check

check-hard:	## try to break it for hours, or with SHORT=1 for minutes (as root)
	$(run) tests/check-hard

kunit:	## run the KUnit suites under User Mode Linux
	$(run) tests/kunit/run

static:	## sparse, W=1, clang, checkpatch and shellcheck, on all kernels here
	$(run) tests/static

install: modules-install userspace-install	## install both for one kernel (DESTDIR, PREFIX)

# By hand: modules_install cannot sign with, nor run depmod for, Debian's headers.
modules-install: modules	## install the module in /lib/modules/RELEASE/updates
	install -D -m 644 $(BUILD)/sipalg.ko $(DESTDIR)/lib/modules/$(KREL)/updates/sipalg.ko
	$(if $(DESTDIR),,depmod $(KREL))

userspace-install: userspace	## install sipalgctl, the manual pages and completion
	$(MAKE) -C userspace install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

# Sources are replaced in place: other kernels that have the module keep it.
# dkms ends with 77 for a kernel that dkms.conf excludes.
dkms_kernels = $(or $(if $(KVER),$(KREL)),$(patsubst /lib/modules/%/build,%,$(wildcard \
	/lib/modules/*/build)),$(error $(no_kernel)))

dkms-install:	## build and install by DKMS, for KVER or all kernels with headers
	@command -v dkms > /dev/null || { echo "There is no dkms here; install it (Debian: dkms)."; exit 1; }
	rm -rf $(DKMS_SRC)
	$(sources) | while read -r f; do install -D -m 644 "$$f" "$(DKMS_SRC)/$$f" || exit; done
	sed 's/#MODULE_VERSION#/$(SIPALG_VERSION)/' dkms.conf > $(DKMS_SRC)/dkms.conf
	[ -e /var/lib/dkms/$(DKMS_NAME)/source ] || dkms add $(DKMS_NAME)
	for k in $(dkms_kernels); do \
		$(run) dkms build $(DKMS_NAME) -k "$$k" --force; \
		case $$? in \
		0) $(run) dkms install $(DKMS_NAME) -k "$$k" --force || exit ;; \
		77) echo "sipalg does not support $$k: skipped" ;; \
		*) exit 1 ;; \
		esac; \
	done

dkms-remove:	## undo dkms-install, for all kernels
	[ ! -e /var/lib/dkms/$(DKMS_NAME) ] || dkms remove $(DKMS_NAME) --all
	rm -rf $(DKMS_SRC)

# Debian wants its directory at the top of the sources: it gets a copy of them.
DEB = $(CURDIR)/build/deb/sipalg-$(SIPALG_VERSION)
deb_date = date -R -u $(if $(SOURCE_DATE_EPOCH),-d @$(SOURCE_DATE_EPOCH),-r include/sipalg_version.h)

deb:	## build the packages sipalg-dkms and sipalgctl in build/deb
	@command -v dh_dkms > /dev/null || { \
		echo "There is no dh_dkms here; install it (Debian: debhelper dh-dkms)."; exit 1; }
	rm -rf build/deb
	mkdir -p $(DEB)
	tar -c --exclude='*.[oda]' --exclude='*.cmd' --exclude=sipalgctl Kbuild Makefile README.md \
		LICENSE dkms.conf kmod include userspace | tar -x -C $(DEB)
	mv $(DEB)/userspace/packaging/debian $(DEB)/debian
	sed "s/@VERSION@/$(SIPALG_VERSION)/; s/@DATE@/$$(LC_ALL=C $(deb_date))/" \
		$(DEB)/debian/changelog.in > $(DEB)/debian/changelog
	rm $(DEB)/debian/changelog.in
	cp $(DEB)/userspace/packaging/sipalg.service $(DEB)/debian/sipalgctl.sipalg.service
	cd $(DEB) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -b -us -uc
	@ls build/deb/*.deb

# OPTION|what is lost without it; "needed" makes the check fail.
define CONFIG_OPTIONS
MODULES|needed|the kernel cannot load modules
INET|needed|there is no IPv4
NETFILTER|needed|there are no hooks that a packet passes
NETFILTER_ADVANCED|wanted|zones, marks and time-outs of connections cannot be chosen
NF_CONNTRACK|needed|there is no connection tracking
NF_NAT|needed|there is no address translation
NF_CONNTRACK_MARK|wanted|media cannot be marked for nft and tc
NF_CONNTRACK_ZONES|wanted|networks with equal addresses cannot be kept apart
NF_CT_NETLINK|wanted|the conntrack tool shows nothing
NET_NS|wanted|there is only one network namespace
IPV6|wanted|there is no IPv6
endef
export CONFIG_OPTIONS

check-config:	## name the options that the kernel's configuration lacks
	@config=/boot/config-$(KREL); [ -e $$config ] || config=$(KDIR)/.config; \
	if [ ! -e $$config ]; then \
		echo "The configuration of $(KREL) is neither $$config nor /boot/config-$(KREL)."; exit 1; \
	fi; \
	echo "$$CONFIG_OPTIONS" | ( missing=0; while IFS='|' read -r option kind lost; do \
		grep -q "^CONFIG_$$option=[ym]" $$config && continue; \
		echo "CONFIG_$$option is $$kind and not set in $$config: without it $$lost."; \
		[ $$kind != needed ] || missing=1; \
	done; [ $$missing = 1 ] || echo "$$config has all that sipalg needs."; exit $$missing )

kernel-release:	## print the kernel that KVER stands for
	@echo $(KREL)

clean:	## remove what was built
	rm -rf build
	[ ! -e userspace/Makefile ] || $(MAKE) -C userspace clean
