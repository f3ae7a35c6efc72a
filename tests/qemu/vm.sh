#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh KVER SCRIPT [ARG...]: run a script as root on one of Debian's stock
# kernels, in a QEMU VM whose root is this machine's own / (read-only over 9p)
# below a tmpfs: every program that is installed here is there, at the same
# path, and nothing that is done in the VM reaches this machine.
#
# The script's output appears here while it runs, and its status is ours.
# Others: 124 after a time-out, 125 when the VM went without a status (a
# panic), 3 when the script was content but the kernel log is not.
#
# In the environment:
#   VM_ENV        names of variables to hand to the script
#   OUT           a directory that the VM sees as /out, read and write (else a
#                 temporary one); afterwards it has stdout, console.log, dmesg
#   SMP MEM       processors (2), MiB of memory (1024)
#   TIMEOUT       seconds until the VM is stopped (600)
#   APPEND        more words for the kernel's command line
#   QEMU_ARGS     more words for QEMU
#   VM_KERNEL     the directory of a kernel that was built (tests/qemu/kernel),
#                 which has all drivers built in; KVER is a name for it
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
lib=$here/../lib
# shellcheck source=tests/lib/say.sh
. "$lib/say.sh"

(($# >= 2)) || die "Usage: vm.sh KVER SCRIPT [ARG...]"
if [[ ${VM_KERNEL:-} ]]; then
    kver=$1
    kernel=$VM_KERNEL/arch/x86/boot/bzImage
else
    kver=$("$lib/kernel.sh" "$1")
    kernel=/boot/vmlinuz-$kver
fi
script=$(realpath "$2")
shift 2
[[ -r $kernel ]] || die "$kernel cannot be read; be root, or make it readable."

# The guest mounts this machine's / and needs a few of its modules to do so.
build_initrd() {
    local tree n=100 file to
    tree=$(mktemp -d)
    mkdir -p "$tree"/{bin,dev,proc,sys,lower,rw,new,mods}
    cp /bin/busybox "$tree/bin/"
    ln -s busybox "$tree/bin/sh"
    cp "$here/initramfs-init" "$tree/init"
    chmod 755 "$tree/init"
    # In the order in which they have to be loaded; built-in ones are not named.
    : >"$tree/order"
    [[ ${VM_KERNEL:-} ]] || modprobe -aS "$kver" --show-depends virtio_pci 9pnet_virtio 9p overlay |
        awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$tree/order"
    while read -r file; do
        to=$tree/mods/$n-$(basename "$file")
        n=$((n + 1))
        case $file in
        *.xz) xz -dc "$file" >"${to%.xz}" ;;
        *.zst) zstd -qdc "$file" >"${to%.zst}" ;;
        *) cp "$file" "$to" ;;
        esac
    done <"$tree/order"
    (cd "$tree" && find . | cpio -oH newc --quiet | gzip -1) >"$1.$$"
    mv "$1.$$" "$1"
    rm -rf "$tree"
}

# A kernel's package can be renewed under the same name, hence its time.
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/sipalg/vm
key=$(stat -Lc '%s %Y' "$kernel" | cat - "$here/vm.sh" "$here/initramfs-init" | sha256sum | cut -c 1-12)
initrd=$cache/initrd-$kver-$key.img
if [[ ! -e $initrd ]]; then
    mkdir -p "$cache"
    rm -f "$cache/initrd-$kver"-*.img
    build_initrd "$initrd"
fi

own_out=
if [[ ! ${OUT:-} ]]; then
    OUT=$(mktemp -d)
    own_out=$OUT
fi
mkdir -p "$OUT"
OUT=$(realpath "$OUT")
rm -f "$OUT"/{rc,stdout,dmesg,console.log,kmemleak}
: >"$OUT/stdout"
cp "$here/init" "$OUT/init"
{
    echo "export SAY_T0=$SAY_T0 SIPALG_KVER=$kver"
    for name in ${VM_ENV:-}; do
        [[ ! -v $name ]] || printf 'export %s=%q\n' "$name" "${!name}"
    done
    printf 'cd %q || exit\n' "$PWD"
    printf 'exec'
    printf ' %q' "$script" "$@"
    echo
} >"$OUT/run"

qemu=
tail=
# shellcheck disable=SC2317 # by the trap
cleanup() {
    [[ ! $qemu ]] || kill "$qemu" 2>/dev/null || true
    [[ ! $tail ]] || kill "$tail" 2>/dev/null || true
    [[ ! $own_out ]] || rm -rf "$own_out"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# TCG, although /dev/kvm may be there: where it is only emulated, ordinary
# kernels hang on it. One thread for all processors: with one each, a kernel that
# patches its own code (static keys) now and then dies of an int3 that is gone
# already ("Oops: int3" at boot). LA57 would cost a fifth level of page tables.
# shellcheck disable=SC2086 # QEMU_ARGS are words
timeout --foreground -k 5 "${TIMEOUT:-600}" nice -n 5 qemu-system-x86_64 \
    -accel "${ACCEL:-tcg,thread=single}" -M q35 -cpu "${CPU:-max,la57=off}" -smp "${SMP:-2}" -m "${MEM:-1024}" \
    -nodefaults -no-user-config -display none -no-reboot \
    -serial file:"$OUT/console.log" \
    -kernel "$kernel" -initrd "$initrd" \
    -append "console=ttyS0 panic=-1 oops=panic quiet loglevel=6 ${APPEND:-}" \
    -virtfs local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap \
    -virtfs local,path="$OUT",mount_tag=hostout,security_model=none,multidevs=remap \
    ${QEMU_ARGS:-} </dev/null &
qemu=$!
# It ends by itself soon after the VM, when all has been shown.
tail -c +1 -s 0.2 --pid="$qemu" -f "$OUT/stdout" &
tail=$!

rc=0
wait "$qemu" || rc=$?
qemu=
wait "$tail" || true
tail=

if ((rc == 0)); then
    rc=$(cat "$OUT/rc" 2>/dev/null || echo 125)
fi
if ! "$lib/klog.sh" "$OUT/console.log" "$OUT/dmesg"; then
    ((rc)) || rc=3
elif ((rc == 124)); then
    complain "The VM was stopped after ${TIMEOUT:-600} s. The end of its console:"
    tail -n 5 "$OUT/console.log" >&2
elif ((rc == 125)); then
    complain "The VM went without leaving a status. The end of its console:"
    tail -n 20 "$OUT/console.log" >&2
fi
exit "$rc"
