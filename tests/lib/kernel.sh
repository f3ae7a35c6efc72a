#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh [NAME]: print the full version of an installed kernel.
#
# NAME is what a user gives as KVER=: a full version (6.1.0-56-amd64), or its
# beginning (6.1, 6.12), which means the newest installed one that begins so.
# Without a name it is 6.1, the stock kernel of Debian 12.
set -euo pipefail

name=${1:-${KVER:-6.1}}

if [[ -e /boot/vmlinuz-$name ]]; then
    echo "$name"
    exit
fi

# "6.1" must not find 6.12: the beginning has to end where a number ends.
# A kernel with headers is preferred, because modules get built for it.
found=
for image in $(find /boot -maxdepth 1 -name "vmlinuz-${name}[.+-]*" -printf '%f\n' | sort -V); do
    version=${image#vmlinuz-}
    if [[ -e /lib/modules/$version/build || ! -e /lib/modules/${found:-none}/build ]]; then
        found=$version
    fi
done

if [[ -z $found ]]; then
    echo "No kernel in /boot is called $name; 'tests/lib/install.sh kernel-6.1' or" \
        "'kernel-6.12' installs Debian's." >&2
    exit 1
fi
echo "$found"
