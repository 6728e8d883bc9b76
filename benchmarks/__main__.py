"""The command ``python -m benchmarks SUITE [OPTIONS]``; ``--help`` lists the options."""

from __future__ import annotations

import argparse
import importlib
import json
import pathlib
import sys

from benchmarks import isa
from benchmarks.bench import Bench, Options
from benchmarks.machine import headline, usable_cores
from benchmarks.peers import PEERS

SUITES = (
    "train",
    "predict",
    "article",
    "generate",
    "startup",
    "memory",
    "scaling",
    "endurance",
    "accuracy",
    "coverage",
    "text",
    "classification",
    "distributed",
)


def main(arguments: list[str] | None = None) -> int:
    """Run one suite."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    given = parser.parse_args(arguments)
    if not isa.has(given.isa):
        parser.error(f"argument --isa: this processor does not have {isa.NAMES[given.isa]}")
    if given.isa not in (isa.NATIVE, isa.in_force()):
        return isa.run_held(given.isa, arguments)
    suite = importlib.import_module(f"benchmarks.{given.suite}")
    options = Options(given.peers, given.threads, given.quick, given.only, given.data, given.seeds, given.isa)
    with Bench(given.suite, options) as bench:
        bench.say(f"{given.suite}: {suite.SUMMARY}")
        suite.run(bench)
        bench.say("\n" + headline(bench.machine))
        if given.json is not None:
            given.json.write_text(json.dumps(bench.as_dict(), indent=1) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Compare tsl with its peers in one run.")
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument(
        "--peers", type=_peers, default=tuple(PEERS)[1:], help="separated by commas, or none (default: all)"
    )
    parser.add_argument("--threads", type=_positive, default=usable_cores(), metavar="N", help="default: all cores")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="file to write all numbers to")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose name contains this")
    parser.add_argument(
        "--data", metavar="DIR", help="folder of public files: M4 and ETTh1 for accuracy, .txt for text"
    )
    parser.add_argument(
        "--seeds",
        type=_positive,
        default=3,
        metavar="N",
        help="for accuracy, coverage, text and classification: number of models of each kind",
    )
    parser.add_argument(
        "--isa", choices=(isa.NATIVE, *isa.HELD), default=isa.NATIVE, help="limit all rivals to an instruction set"
    )
    parser.add_argument("--quick", action="store_true", help="tiny work, to test that everything runs")
    return parser


def _peers(text: str) -> tuple[str, ...]:
    known = tuple(PEERS)[1:]
    names = () if text == "none" else tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"no peer {name!r}: choose from {', '.join(known)}, or none")
    return names


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 up, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
