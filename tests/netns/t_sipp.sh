#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A foreign user agent in numbers: sipp's own scenarios, fifty calls from p1 to
# s1, ten a second; every one has to be complete, and the server sees no private
# address in any message.
set -uo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
calls=50
work=$(mktemp -d)
cd "$work" || exit
export TERM=dumb

result() {
    if (($1 == 0)); then
        echo "ok $2 - $3"
    else
        echo "not ok $2 - $3"
        printf '# %s\n' "${4//$'\n'/$'\n'# }"
    fi
}

cleanup() {
    "$here/lib.sh" down
    rm -rf "$work"
}
trap cleanup EXIT

echo 1..2
"$here/lib.sh" up masquerade || exit

common=(-m "$calls" -nostdin -timeout 90 -timeout_error -cid_str "%u-%p")
ip netns exec s1 sipp -sn uas -i 203.0.113.10 -p 5060 "${common[@]}" \
    -trace_msg -message_file seen >server.log 2>&1 &
server=$!
until [[ $(ip netns exec s1 ss -Hlnu 'sport = :5060') ]]; do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
ip netns exec p1 sipp -sn uac -i 10.0.0.11 -p 5060 -r 10 -d 500 "${common[@]}" \
    203.0.113.10 >client.log 2>&1
status=$?
result "$status" 1 "$calls calls of sipp are complete" \
    "sipp ended with status $status: $(grep -E 'Successful|Failed' client.log | tail -n 2)"
# The server ends with the last call; after a failure it would wait for more.
((status == 0)) || kill "$server" 2>/dev/null
wait "$server" 2>/dev/null

private=$(grep -F 10.0.0. seen | sort | uniq -c | head -n 5)
[[ -s seen && ! $private ]]
result $? 2 "the server saw no private address" "${private:-the server saw nothing}"
