#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# install.sh GROUP...: install what is missing of these groups of Debian
# packages; says what, and how long it took. `install.sh -l` lists the groups.
#
# Needs nothing but what every Debian has: it runs where not even make is.
# No service is started by it.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/lib/say.sh
. "$here/say.sh"

declare -A group=(
    # the module (with a kernel-* group for the headers) and sipalgctl
    [build]="make gcc libc6-dev libmnl-dev pkg-config kmod"
    [kernel-6.1]="linux-image-amd64 linux-headers-amd64"
    [kernel-6.12]="linux-image-6.12-amd64 linux-headers-6.12-amd64"
    # tests/qemu/vm.sh
    [vm]="qemu-system-x86 busybox-static cpio kmod xz-utils gzip iproute2"
    # what runs inside the VM, which sees this machine's programs
    [netns]="iproute2 nftables conntrack procps python3 sip-tester ethtool kamailio baresip-core python3-jsonschema python3-yaml"
    [demo]="iproute2 nftables conntrack procps python3 kamailio baresip-core tshark"
    # User Mode Linux with KUnit
    [kunit]="make gcc libc6-dev flex bison bc libelf-dev libssl-dev xz-utils kmod iproute2 linux-source-6.12"
    [static]="make gcc libc6-dev libmnl-dev sparse clang lld llvm libelf-dev shellcheck perl xz-utils linux-source-6.12"
    [dkms]="dkms make gcc kmod"
    [deb]="debhelper dh-dkms dpkg-dev lintian systemd man-db jq procps"
    # tests/bench/parse
    [bench]="gcc libc6-dev valgrind pkg-config libosip2-dev libsofia-sip-ua-dev libre-dev"
    # unit tests in user space, and what reads their output
    [unit]="make gcc libc6-dev perl jq python3 python3-jsonschema mandoc"
    [fuzz]="make clang llvm libclang-rt-dev libc6-dev"
)

if [[ ${1:-} == -l ]]; then
    for name in "${!group[@]}"; do
        printf '%-12s %s\n' "$name" "${group[$name]}"
    done | sort
    exit
fi

installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing=()
for name; do
    [[ ${group[$name]:-} ]] || die "There is no group of packages '$name'; install.sh -l lists them."
    for package in ${group[$name]}; do
        installed "$package" || [[ " ${missing[*]} " == *" $package "* ]] || missing+=("$package")
    done
done
((${#missing[@]})) || exit 0

say "These Debian packages are missing: ${missing[*]}"
((EUID == 0)) || die "Installing them needs root: run this as root, or install them by hand."

begin=$EPOCHSECONDS
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o APT::Color=0
    -o DPkg::Lock::Timeout=300)

# Debian starts a service as soon as it is installed, unless this says no. One
# that is there already is the administrator's decision, and stays.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\n# put here by the tests of sipalg while they install packages\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

# The package lists are fetched where they do not know a package, or have grown
# too old to download by.
known() {
    [[ $(LC_ALL=C apt-cache policy "$1" | sed -n 's/^  Candidate: //p') == [0-9]* ]]
}
updated=
update() {
    say_while "Fetching the lists of packages" "${apt[@]}" update ||
        say "Some lists could not be fetched; going on with those that are there."
    updated=y
}
for package in "${missing[@]}"; do
    known "$package" && continue
    [[ $updated ]] || update
    known "$package" || die "Debian's package lists on this machine have no package '$package'."
done

install_missing() {
    say_while "Installing ${#missing[@]} packages" "${apt[@]}" install "${missing[@]}"
}
if ! install_missing; then
    [[ ! $updated ]] || die "The packages could not be installed."
    say "The lists of packages may be too old: trying again with new ones."
    update
    install_missing || die "The packages could not be installed."
fi
say "Installing took $((EPOCHSECONDS - begin)) s in all."
