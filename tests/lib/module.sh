# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced, in the VM: the module and the tool as they were built, and their use.
#   SIPALG_REPO  the source tree          SIPALG_KO, SIPALGCTL  other files than
#   NOALG=1      do without the module                          the built ones
#   HELPER=intree  the kernel's own SIP helper instead (to see a scenario work)

: "${SIPALG_REPO:=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd -P)}"
: "${SIPALG_KO:=$SIPALG_REPO/build/$(</proc/sys/kernel/osrelease)/sipalg.ko}"
: "${SIPALGCTL:=$SIPALG_REPO/userspace/sipalgctl}"

with_sipalg() {
    [[ ! ${NOALG:-} && ! ${HELPER:-} ]]
}

# insmod knows no dependencies, and modprobe no path.
sipalg_load() {
    local dependency
    [[ ! -d /sys/module/sipalg ]] || return 0
    if [[ ! -e $SIPALG_KO ]]; then
        echo "There is no $SIPALG_KO: build it with 'make modules KVER=$(uname -r)'." >&2
        return 1
    fi
    for dependency in $(modinfo -F depends "$SIPALG_KO" | tr ',' ' '); do
        modprobe "$dependency" || return
    done
    insmod "$SIPALG_KO"
}

# sipalg_enable NETNS: this namespace is a gateway.
sipalg_enable() {
    sipalg_load && ip netns exec "$1" "$SIPALGCTL" enable
}

# What sipalg is compared with: the kernel's helper, attached as people do it.
intree_enable() {
    ip netns exec "$1" nft -f - <<'NFT'
table ip intree {
    ct helper sip-udp {
        type "sip" protocol udp
        l3proto ip
    }
    chain prerouting {
        type filter hook prerouting priority 0; policy accept;
        udp dport 5060 ct helper set "sip-udp"
    }
}
NFT
    modprobe nf_nat_sip
}

# alg_enable NETNS: whatever this run is about.
alg_enable() {
    if with_sipalg; then
        sipalg_enable "$1"
    elif [[ ${HELPER:-} == intree ]]; then
        intree_enable "$1"
    fi
}
