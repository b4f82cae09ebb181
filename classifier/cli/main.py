"""Argument parsing, exit codes and error messages of the command line.

Exit codes: 0 done, 1 refused with a reason on standard error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from classifier.cli import commands, finetuning, running
from classifier.cli.options import (
    add_benchmark,
    add_calibrate,
    add_evaluate,
    add_finetune,
    add_predict,
    add_shared,
    add_train,
)
from classifier.errors import ClassifierError

EXIT_REFUSED = 1
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    arguments = build_parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except (ClassifierError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_REFUSED
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; run the same command to resume from the feature cache\n")
        return EXIT_INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m classifier",
        description="Classify marketplace products by picture (CNN), text (BERT) and both (FUSION).",
    )
    commands_of = parser.add_subparsers(required=True, metavar="COMMAND")
    rows = (
        ("train", commands.train, add_train, "train a model on a labelled folder"),
        ("evaluate", commands.evaluate, add_evaluate, "measure a model on a labelled folder"),
        ("predict", commands.predict, add_predict, "classify products"),
        ("calibrate", commands.calibrate, add_calibrate, "fit a model's confidences anew"),
        ("benchmark", commands.benchmark, add_benchmark, "compare all members on held-out folds"),
        ("finetune", finetuning.finetune, add_finetune, "train a whole backbone (wants a GPU)"),
        ("run", running.run, running.add_run, "work on a training run in its folder"),
        ("backbones", commands.backbones, None, "build and check the pretrained networks"),
    )
    for name, run, add, summary in rows:
        parser_of = commands_of.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        add_shared(parser_of)
        if add is not None:
            add(parser_of)
        parser_of.set_defaults(run=run)
    return parser
