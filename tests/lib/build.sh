#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh KVER: the module for this kernel and the tool, with all that it
# takes; nothing but the kernel under NOALG=1 or HELPER=.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
repo=$(realpath "$here/../..")
# shellcheck source=tests/lib/say.sh
. "$here/say.sh"

# Only Debian's two kernels have a package that is known by a short name.
case $1 in
6.1 | 6.12) "$here/install.sh" "kernel-$1" ;;
esac
if [[ ${NOALG:-} || ${HELPER:-} ]]; then
    exit
fi

"$here/install.sh" build
kver=$("$here/kernel.sh" "$1")
say_while "Building sipalg.ko for $kver and sipalgctl" \
    make -C "$repo" KVER="$kver" modules userspace
