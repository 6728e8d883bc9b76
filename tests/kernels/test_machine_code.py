"""What the compiler makes of the hot loops: it once kept a sum of a tile on the stack, at half the speed."""

import json
import os
import pathlib
import platform
import re
import subprocess
import sys

import pytest

from tsl.kernels.target import INTERPRETED

HERE = pathlib.Path(__file__).parents[1]
X86 = platform.machine() in ("x86_64", "AMD64")
AVX2 = "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe"
AVX512 = f"{AVX2},+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl"

# Rows of the tiles of 4 vectors, and of 2, as the registers allow: see `tsl.kernels.target`.
TARGETS = {
    "haswell": (AVX2, (3, 2, 1), (6, 4, 1)),
    "skylake-avx512": (AVX512, (6, 4, 1), (6, 4, 1)),
    "generic": ("", (2, 1), (4, 2, 1)),
}

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not X86, reason="reads the machine code of x86"),
    pytest.mark.skipif(INTERPRETED, reason="nothing is compiled"),
]


@pytest.fixture(scope="module")
def compilers():
    """Processes that compile for each of the processors, side by side."""
    started = {
        name: subprocess.Popen(
            [sys.executable, "-W", "error", str(HERE / "hot_loops.py")],
            env={**os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features, "PYTHONPATH": str(HERE.parent)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, (features, *_) in TARGETS.items()
    }
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


@pytest.fixture(scope="module", params=TARGETS)
def target(request, compilers):
    """Name of a processor, and its loops by phase."""
    output, _ = compilers[request.param].communicate(timeout=300)
    assert compilers[request.param].returncode == 0
    return request.param, json.loads(output)


def products(loops):
    """How many vectors each loop multiplies and adds in a round, and the loop; without activations, which divide."""
    found = []
    for loop in loops:
        fused, multiplied, divided = (count(loop, name) for name in ("vfmadd...ps", "mulps", "v?divps"))
        if not divided and (fused or multiplied > 2):
            found.append((fused or multiplied, loop))
    return found


def count(loop, name):
    """How many instructions of this name there are."""
    return sum(bool(re.match(rf"{name}\s", line)) for line in loop)


def on_stack(line):
    """Whether a vector register is read from the stack or written to it."""
    return re.search(r"\(%[re]sp", line) and re.search(r"%[xyz]mm", line)


@pytest.mark.parametrize("phase", ["forward", "backward", "weights"])
def test_no_sum_leaves_its_register(target, phase):
    _, loops = target
    assert products(loops[phase])
    for _, loop in products(loops[phase]):
        assert not [line for line in loop if on_stack(line)]


@pytest.mark.parametrize("phase", ["forward", "backward"])
def test_no_activation_is_stored_on_the_stack(target, phase):
    """Of their twenty constants some lie there, where reading them costs what it costs elsewhere."""
    _, loops = target
    activations = [loop for loop in loops[phase] if any(re.match("v?divps", line) for line in loop)]
    assert activations
    for loop in activations:
        assert not [line for line in loop if on_stack(line) and re.match(r"v?mov\w+\s+%[xyz]mm", line)]


@pytest.mark.parametrize("phase", ["forward", "backward", "weights"])
def test_a_multiply_add_is_one_instruction_where_there_is_one(target, phase):
    name, loops = target
    for n, loop in products(loops[phase]):
        apart = count(loop, "v?mulps"), count(loop, "v?addps")
        assert apart == ((n, n) if name == "generic" else (0, 0))


def test_tiles_are_as_high_as_the_registers_allow(target):
    name, loops = target
    _, of_four, of_two = TARGETS[name]
    for phase, cols, heights in [("forward", 4, of_four), ("weights", 4, of_four), ("backward", 2, of_two)]:
        found = [n for n, _ in products(loops[phase])]
        for rows in heights:
            assert any(n % (cols * rows) == 0 for n in found)  # a round may do several steps of k
