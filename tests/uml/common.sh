# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced: progress lines, and the packages that a test needs.

: "${SAY_T0:=$EPOCHSECONDS}"
export SAY_T0

say() {
    printf '[%4d s] %s\n' "$((EPOCHSECONDS - SAY_T0))" "$*"
}

die() {
    say "$*" >&2
    exit 1
}

# say_while WHAT COMMAND...: run a long command quietly, say every ten seconds
# where it is; when it fails, show the end of its output.
say_while() {
    local what=$1 log pid rc=0 begin=$EPOCHSECONDS told=$EPOCHSECONDS
    shift
    log=$(mktemp)
    say "$what ..."
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        if ((EPOCHSECONDS - told >= 10)); then
            told=$EPOCHSECONDS
            say "  still at it after $((told - begin)) s: $(tail -n 1 "$log" | cut -c 1-70)"
        fi
        sleep 0.2
    done
    wait "$pid" || rc=$?
    if ((rc)); then
        say "$what failed with status $rc. The end of what it said:"
        tail -n 30 "$log"
    else
        say "$what took $((EPOCHSECONDS - begin)) s."
    fi
    rm -f "$log"
    return "$rc"
}

# install_packages PACKAGE...: those of them that are missing, from Debian.
install_packages() {
    local package missing=()
    for package; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "These Debian packages are missing: ${missing[*]}"
    ((EUID == 0)) || die "Installing them needs root: run this as root, or install them by hand."
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
    say_while "Installing them" "${apt[@]}" install "${missing[@]}" && return
    say "The lists of packages may be too old."
    say_while "Fetching new ones" "${apt[@]}" update || true
    say_while "Installing them" "${apt[@]}" install "${missing[@]}"
}
