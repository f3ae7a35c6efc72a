# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced: progress lines with the time since the command began. SAY_T0 is
# inherited, so that a script in the VM goes on with the clock of the script
# that booted it.

: "${SAY_T0:=$EPOCHSECONDS}"
export SAY_T0

# What interrupts the work's output goes to stderr; what it is about, to stdout.
say() {
    printf '[%4d s] %s\n' "$((EPOCHSECONDS - SAY_T0))" "$*"
}

complain() {
    printf '[%4d s] %s\n' "$((EPOCHSECONDS - SAY_T0))" "$*" >&2
}

die() {
    complain "$*"
    exit 1
}

# say_while WHAT COMMAND...: run a long command quietly, say every ten seconds
# that it goes on and where it is; when it fails, show the end of its output.
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
        complain "$what failed with status $rc. The end of what it said:"
        tail -n 30 "$log" >&2
    else
        say "$what took $((EPOCHSECONDS - begin)) s."
    fi
    rm -f "$log"
    return "$rc"
}
