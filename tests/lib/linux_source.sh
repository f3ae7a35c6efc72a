# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
#
# Sourced: where the kernels that the tests build are built from. The caller has
# set `package` (a linux-source-* of Debian's) and `cache`, and gets `version`,
# `source` and unpack(), which makes the latter.

# Two thirds of the source are drivers that no configuration here can reach;
# their Kconfig files are needed nevertheless.
unpack() {
    local new=$source.new
    rm -rf "$new"
    mkdir "$new"
    xz -T0 -dc "/usr/src/$package.tar.xz" | tar -C "$new" -x --strip-components=1 \
        --exclude='*/drivers/gpu/*.[ch]' --exclude='*/drivers/net/ethernet/*.[ch]' \
        --exclude='*/drivers/net/wireless/*.[ch]' --exclude='*/drivers/media/*.[ch]' \
        --exclude='*/drivers/scsi/*.[ch]' --exclude='*/sound/*.[ch]' \
        --exclude="$package/Documentation/*/*" --exclude="$package/tools/perf"
    # UML 6.12 has room for the registers of processors up to AVX-512. With AMX
    # they are 11008 bytes, and every process would die at once.
    sed -i 's/(HOST_FP_SIZE, 2696)/(HOST_FP_SIZE, 12288)/' "$new/arch/x86/um/user-offsets.c"
    # nf_tables walks its lists under its mutex, and forgets to tell lockdep,
    # which reports once and then finds nothing any more.
    sed -i '1i #undef CONFIG_PROVE_RCU_LIST' "$new"/net/netfilter/{nf_tables,nft_}*.c
    mv "$new" "$source"
}

version=$(dpkg-query -W -f='${Version}' "$package")
source=$cache/$package-$version-$(declare -f unpack | sha256sum | cut -c 1-12)
