"""Fuzz test with manipulated files: run as ``python tests/fuzz_persistence.py --n 20000 --seed 1``.

Each file is loaded with limited memory and time: this must either raise a ValueError or give a model that can be used
without harm. Files that can still be parsed get a valid checksum, as a forger would give them. Prints a line of JSON:
the number of files, the number refused, and the increase of the peak memory.
"""

import argparse
import copy
import json
import pathlib
import random
import resource
import signal
import sys
import tempfile
import warnings

import numpy as np
import safetensors.numpy
from persistence_kinds import KINDS

import tsl
from tsl.persistence import checksum

SECONDS = 20  # for any one file
MEMORY = 1 << 30  # bytes beyond what the process has when it begins; the files have 50 kB
NAMES = [
    "regressor",
    "labels as objects",
    "text",
    "forecaster",
    "many series",
    "naive",
    "pipeline",
    "columns",
    "windows of groups",
    "scaled target",
]
EVIL = [
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**63,
    10**30,
    0.5,
    "",
    "os.system",
    "LSTMRegressor",
    "Network",
    [],
    {},
    {"$tuple": []},
    {"$float": "nan"},
    {"$float": "inf"},
    {"$array": "network_.lstm_0.w_in"},
    {"lstm_0.w_in": {"$array": "network_.lstm_0.w_in"}},
    {"$class": "subprocess.Popen", "state": {}},
    {"$class": "Network", "state": {}},
    {"$same": "x"},
    {"$dtype": "O"},
    {"$index": [1], "dtype": "period[D]", "name": None},
    "x" * 100_000,
]


def mutate(content, rng):
    """The bytes of a file, changed in one of several ways."""
    way = rng.randrange(8)
    if way == 0:
        return content[: rng.randrange(len(content))]
    if way == 1:
        return flipped(content, rng, 0, len(content))
    if way == 2:
        return flipped(content, rng, 0, min(len(content), 8 + header_size(content)))  # the header alone
    if way == 3:  # pieces in another order
        a, b = sorted(rng.randrange(len(content)) for _ in range(2))
        return content[:a] + content[b:] + content[a:b]
    if way == 4:  # another size of the header
        return rng.choice([2**63, 2**31, len(content), 0, 7]).to_bytes(8, "little") + content[8:]
    header = json.loads(content[8 : 8 + header_size(content)])
    body = content[8 + header_size(content) :]
    if way == 5:
        change_tensor(header, rng)
    else:
        tree = json.loads(header["__metadata__"]["model"])
        for _ in range(rng.choice([1, 1, 1, 3])):
            tree = changed(tree, rng)
        text = json.dumps(tree)
        if way == 7 and rng.random() < 0.1:
            text = "[" * 50_000 + text + "]" * 50_000
        header["__metadata__"]["model"] = text
    content = packed(header, body)
    try:  # as who forges a file would
        tensors = safetensors.numpy.load(content)
    except Exception:
        return content
    metadata = header["__metadata__"]
    metadata["checksum"] = checksum(metadata["written_by"] + metadata["model"], tensors)
    return packed(header, body)


def header_size(content):
    return int.from_bytes(content[:8], "little")


def packed(header, body):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def flipped(content, rng, start, stop):
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 3, 30])):
        changed[rng.randrange(start, stop)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def change_tensor(header, rng):
    """Other shapes, types and places of one tensor."""
    name = rng.choice([name for name in header if name != "__metadata__"])
    tensor = header[name]
    key = rng.choice(["shape", "dtype", "data_offsets", "all"])
    if key == "shape":
        tensor["shape"] = rng.choice([[2**40], [0], [], [*tensor["shape"], 1], tensor["shape"][::-1], [-1], [2**63, 2]])
    elif key == "dtype":
        tensor["dtype"] = rng.choice(["F64", "F32", "I64", "U32", "BOOL", "BF16", "F8_E4M3", "C64"])
    elif key == "data_offsets":
        tensor["data_offsets"] = rng.choice([[0, 8], [8, 0], [0, 2**40], [2**62, 2**63]])
    else:
        other = rng.choice([name for name in header if name != "__metadata__"])
        header[name], header[other] = header[other], header[name]


def changed(tree, rng):
    """A tree with one place changed."""
    if isinstance(tree, (dict, list)) and tree and rng.random() < 0.93:
        key = rng.choice(list(tree) if isinstance(tree, dict) else range(len(tree)))
        if rng.random() < 0.05:
            tree.pop(key)
        else:
            tree[key] = changed(tree[key], rng)
        return tree
    if isinstance(tree, (int, float)) and rng.random() < 0.5:
        return tree + rng.choice([-1, 1, 1000])
    return copy.deepcopy(rng.choice(EVIL))


def answers(ask, model):
    """Whether a model answers; one that was made up may do so with an error of Python's, and with nothing worse."""
    try:
        ask(model)
    except Exception:
        return False
    return True


def too_late(*_):
    raise SystemExit("a file has taken too long")


def main(n, seed):
    rng = random.Random(seed)
    warnings.simplefilter("ignore")  # of models whose numbers make no sense
    np.seterr(all="ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.tsl")
        files = []
        for name in NAMES:
            fit, ask = KINDS[name]
            model = fit()
            ask(model)  # all is compiled
            tsl.save(model, path)
            files.append((path.read_bytes(), ask))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        used = int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        signal.signal(signal.SIGALRM, too_late)
        refused = failed = 0
        for _ in range(n):
            content, ask = rng.choice(files)
            path.write_bytes(mutate(content, rng))
            signal.alarm(SECONDS)
            try:
                model = tsl.load(path)
            except ValueError:
                refused += 1
            else:
                failed += not answers(ask, model)
            signal.alarm(0)
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    sys.stdout.write(
        json.dumps({"files": n, "refused": refused, "not answering": failed, "more memory, MB": more >> 10})
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
