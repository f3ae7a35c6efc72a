#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# klog.sh FILE...: does one of these kernel logs have a line that no test may
# cause? Prints each such line with its surroundings; status 1 if there is one.
set -euo pipefail

bad='BUG:|kernel BUG at|WARNING:|Oops|KASAN:|KCSAN:|KFENCE:|UBSAN:|kmemleak:'
bad+='|general protection fault|possible recursive locking|possible circular locking'
bad+='|inconsistent lock state|possible irq lock inversion|suspicious RCU usage'
bad+='|INFO: task .* blocked|rcu.*detected.*stall|soft lockup|refcount_t:|list_(add|del) corruption'
bad+='|unregister_netdevice: waiting for|ref_tracker:|ODEBUG:|DEBUG_LOCKS_WARN_ON|Call Trace:'
bad+='|Kernel panic|Unknown symbol|disagrees about version of symbol'

# What healthy kernels say with these words: the processor's weaknesses, and
# kmemleak introducing itself.
good='(Spectre V2|RETBleed|MDS|TAA|MMIO Stale Data).*WARNING:'
good+='|kmemleak: (Kernel memory leak detector|Automatic memory scanning|Kernel memory leak detector disabled)'

status=0
for file; do
    [[ -s $file ]] || continue
    lines=$(grep -aEn "$bad" "$file" | grep -avE "$good" || true)
    [[ $lines ]] || continue
    if ((status == 0)); then
        echo "The kernel complained:"
    fi
    status=1
    # From the first complaint on: later ones are often its consequences.
    first=${lines%%:*}
    sed -n "$((first > 3 ? first - 3 : 1)),$((first + 60))p" "$file" | tr -d '\r' | sed 's/^/  /'
    count=$(wc -l <<<"$lines")
    ((count == 1)) || echo "  ($count such lines in $file)"
    # Two logs of the same boot say the same.
    break
done
exit "$status"
