#!/bin/sh
# The tests of the kernels as an AArch64 processor would run them, on a Debian machine of any other kind:
#
#     apt-get install --no-install-recommends qemu-user debootstrap python3-pip
#     sh tests/aarch64.sh CHECKOUT FOLDER [ARGUMENT OF PYTEST ...]
#
# as root, which debootstrap asks for. FOLDER is made, and gets all that is written: 1 GB. A second run uses what is
# there, machine code of unchanged sources included; remove FOLDER to start anew. Without further arguments all tests of
# the kernels run, which takes eight minutes, nearly all of it to compile.
#
# PROCESSOR=generic compiles for what every AArch64 processor has; the default, neoverse-n1, is a common server's.
set -eu

checkout=$(cd "$1" && pwd)
mkdir -p "$2"
folder=$(cd "$2" && pwd)
shift 2
case "$folder" in *" "*) echo "debootstrap cannot do with a space in $folder" >&2 && exit 1 ;; esac
processor=${PROCESSOR:-neoverse-n1}

# Debian 12 for arm64 and its Python 3.11, unpacked and not installed: no program of it has to run for that.
if [ ! -e "$folder/root/.complete" ]; then
    debootstrap --foreign --arch=arm64 --variant=minbase --include=python3 bookworm "$folder/root"
    for package in "$folder"/root/var/cache/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$folder/root"
    done
    touch "$folder/root/.complete"
fi

# What the package and these tests import, as wheels for that Python.
if [ ! -e "$folder/packages/.complete" ]; then
    python3 -m pip install --target "$folder/packages" --upgrade --no-compile --only-binary=:all: --python-version 3.11 \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux_2_17_aarch64 \
        --platform manylinux2014_aarch64 "numpy>=2.0" "numba>=0.62,<0.69" "pandas>=2.2.2" "scikit-learn>=1.6" \
        "safetensors>=0.4.5" "pytest>=8.3" "hypothesis>=6.100"
    touch "$folder/packages/.complete"
fi

# LLVM learns from /proc/cpuinfo what to compile for, and older QEMUs show it that of the real machine: then it compiles
# for any AArch64. QEMU looks for each file below `root` first, so one that lies there comes before.
[ ! -L "$folder/root/proc" ] || rm "$folder/root/proc"
mkdir -p "$folder/root/proc"
rm -f "$folder/root/proc/cpuinfo"
if [ "$processor" = neoverse-n1 ]; then
    cat >"$folder/root/proc/cpuinfo" <<'CPUINFO'
processor	: 0
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x3
CPU part	: 0xd0c
CPU revision	: 1

CPUINFO
else
    export NUMBA_CPU_NAME="$processor" NUMBA_CPU_FEATURES=
fi

# The one test left out starts another Python, which only a kernel that knows of QEMU could.
[ $# -gt 0 ] || set -- tests/kernels/test_random.py tests/kernels/test_products.py tests/kernels/test_packing.py \
    tests/kernels/test_activations.py tests/network/test_network.py \
    tests/network/test_gradient.py tests/network/test_steps.py -k "not without_fused"

# Not QEMU's own choice, "max": its vectors of 2,048 bits are more than the OpenBLAS of NumPy 2.4 gets right there, in
# float32 `a.T @ a`, which a test uses.
unset OPENBLAS_CORETYPE PYTHONHOME
export PYTHONPATH="$folder/packages" PYTHONDONTWRITEBYTECODE=1
export NUMBA_CACHE_DIR="$folder/numba" HYPOTHESIS_STORAGE_DIRECTORY="$folder/hypothesis"
cd "$checkout"
python() {
    qemu-aarch64 -cpu neoverse-n1 -L "$folder/root" "$folder/root/usr/bin/python3" "$@"
}
python -c 'import platform, numba, llvmlite.binding as llvm
from tsl.kernels.target import LANES
name = numba.config.CPU_NAME or llvm.get_host_cpu_name()
print(platform.machine(), name, "Python", platform.python_version(), "Numba", numba.__version__, LANES, "lanes")'
python -m pytest -q -p no:cacheprovider --durations=10 "$@"
