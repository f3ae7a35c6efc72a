#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# prepare.sh KVER GROUP...: all that a command needs before it can boot a VM:
# the packages of these groups, the kernel, and, built for it, the module and
# the tool. Nothing is built under NOALG=1 or HELPER=.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
repo=$(realpath "$here/../..")
# shellcheck source=tests/lib/say.sh
. "$here/say.sh"

name=$1
groups=("${@:2}")

# Only Debian's two kernels have a package that is known by a short name.
case $name in
6.1 | 6.12) groups+=("kernel-$name") ;;
esac
if [[ ! ${NOALG:-} && ! ${HELPER:-} ]]; then
    groups+=(build)
fi
"$here/install.sh" "${groups[@]}"

[[ ! ${NOALG:-} && ! ${HELPER:-} ]] || exit 0
kver=$("$here/kernel.sh" "$name")
say_while "Building sipalg.ko for $kver and sipalgctl" \
    make -C "$repo" KVER="$kver" modules userspace
