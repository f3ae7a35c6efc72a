#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Network namespaces for tests with real packets, in the VM:
#
#   p1  10.0.0.11 ──┐                                    ┌── s1  203.0.113.10  registrar, peer
#   p2  10.0.0.12 ──┤ lan  10.0.0.1  gw  wan 203.0.113.1 ├── s2  203.0.113.20  a stranger
#       (bridge)    ┘                                    └   (bridge in net)
#
# and the same with IPv6: 2001:db8:a::11, ::12, ::1 and 2001:db8:b::1, ::10, ::20.
#
#   lib.sh up masquerade | snat | dnat | none      build it
#   lib.sh down                                    remove it
#
#   masquerade  as a home router does it
#   snat        to 203.0.113.2, which is not the interface's first address
#   dnat        masquerade, and port 5060 from outside goes to p1
#   none        a firewall without NAT, both sides with routes
# IPv6 is never translated. What comes from the wan is dropped everywhere
# unless it is established or related.
set -euo pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)
# shellcheck source=tests/lib/module.sh
. "$here/../lib/module.sh"

# A program costs a tenth of a second under TCG, hence few of them with long
# batches. The lan keeps its address whatever ports it has. Each host's cable ends in a port of a bridge that has its name.
links() {
    ip -batch - <<'IP'
netns add gw
netns add net
netns add p1
netns add p2
netns add s1
netns add s2
link add eth0 netns p1 type veth peer name p1 netns gw
link add eth0 netns p2 type veth peer name p2 netns gw
link add wan netns gw type veth peer name gw netns net
link add eth0 netns s1 type veth peer name s1 netns net
link add eth0 netns s2 type veth peer name s2 netns net
IP
    ip -n gw -batch - <<'IP'
link set lo up
link add lan address 02:00:00:00:00:01 type bridge mcast_snooping 0
link set lan up
link set p1 master lan up
link set p2 master lan up
addr add 10.0.0.1/24 dev lan
addr add 2001:db8:a::1/64 dev lan nodad
link set wan up
addr add 203.0.113.1/24 dev wan
addr add 203.0.113.2/24 dev wan
addr add 2001:db8:b::1/64 dev wan nodad
IP
    ip -n net -batch - <<'IP'
link add sw type bridge mcast_snooping 0
link set sw up
link set gw master sw up
link set s1 master sw up
link set s2 master sw up
IP
    # Outside, only IPv6 has a way back to the inside, unless there is no NAT.
    local back="route add 2001:db8:a::/64 via 2001:db8:b::1"
    [[ $1 != none ]] || back+=$'\n'"route add 10.0.0.0/24 via 203.0.113.1"
    local out="route add default via 10.0.0.1"$'\n'"route add default via 2001:db8:a::1"
    host p1 10.0.0.11 2001:db8:a::11 "$out"
    host p2 10.0.0.12 2001:db8:a::12 "$out"
    host s1 203.0.113.10 2001:db8:b::10 "$back"
    host s2 203.0.113.20 2001:db8:b::20 "$back"
}

# host NS IPV4 IPV6 ROUTES
host() {
    ip -n "$1" -batch - <<IP
link set lo up
link set eth0 up
addr add $2/24 dev eth0
addr add $3/64 dev eth0 nodad
$4
IP
}

rules() {
    local nat='' forward=''
    case $1 in
    masquerade) nat='chain post { type nat hook postrouting priority srcnat; oifname wan masquerade; }' ;;
    snat) nat='chain post { type nat hook postrouting priority srcnat; oifname wan snat to 203.0.113.2; }' ;;
    dnat)
        nat='chain post { type nat hook postrouting priority srcnat; oifname wan masquerade; }
        chain pre { type nat hook prerouting priority dstnat;
            iifname wan meta l4proto { udp, tcp } th dport 5060 dnat to 10.0.0.11; }'
        forward='ct status dnat accept'
        ;;
    none) ;;
    *)
        echo "There is no topology '$1'." >&2
        return 1
        ;;
    esac
    # shellcheck disable=SC2016 # it is the inner shell's
    ip netns exec gw bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
        echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
        # What passes the lan alone is none of ours, unless a test wants it.
        for call in /proc/sys/net/bridge/bridge-nf-call-*tables; do
            [[ ! -e $call ]] || echo 0 >"$call"
        done
        exec nft -f -' <<NFT
table inet filter {
    chain gate {
        ct state established,related accept
        iifname lan ct state new accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        jump gate
        $forward
    }
    chain input {
        type filter hook input priority filter; policy drop;
        iifname lo accept
        jump gate
    }
}
table ip nat {
    $nat
}
NFT
}

topology_up() {
    topology_down
    links "$1"
    rules "$1"
    alg_enable gw
}

topology_down() {
    local ns batch=
    for ns in gw net p1 p2 s1 s2; do
        [[ ! -e /run/netns/$ns ]] || batch+="netns del $ns"$'\n'
    done
    [[ ! $batch ]] || ip -batch - <<<"$batch"
}

case ${1:-} in
up) topology_up "${2:-masquerade}" ;;
down) topology_down ;;
*)
    echo "Usage: lib.sh up masquerade|snat|dnat|none, or lib.sh down" >&2
    exit 2
    ;;
esac
