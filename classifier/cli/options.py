"""Options of each command."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from classifier.types import Member

_MEMBERS = [str(member) for member in Member if member is not Member.FUSION]


def add_shared(parser: argparse.ArgumentParser) -> None:
    """Add what every command takes."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument(
        "--cache",
        type=Path,
        default=default_cache(),
        metavar="DIR",
        help="pretrained networks and encoded inputs (default: %(default)s)",
    )
    parser.add_argument(
        "--threads", type=_positive, default=None, metavar="N", help="torch threads"
    )


def add_train(parser: argparse.ArgumentParser) -> None:
    _add_data(parser)
    parser.add_argument("--out", type=Path, required=True, help="new directory for the model")
    _add_config(parser)


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    _add_data(parser)
    _add_part(parser)
    parser.add_argument("--threshold", type=_share, default=None, help="confidence to report at")


def add_calibrate(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    _add_data(parser)
    _add_part(parser)
    parser.add_argument("--out", type=Path, required=True, help="new directory for the model")


def add_predict(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--data", type=Path, help="a labelled folder; its labels are not looked at")
    what.add_argument(
        "--jsonl",
        type=argparse.FileType("r", encoding="utf-8"),
        metavar="FILE",
        help="one product a line: key, designation, description, image; - for standard input",
    )
    what.add_argument("--designation", help="title of one product")
    parser.add_argument("--description", default="", help="description of one product")
    parser.add_argument("--image", type=Path, help="picture of one product")
    parser.add_argument("--batch", type=_positive, default=64, help="products at a time")


def add_benchmark(parser: argparse.ArgumentParser) -> None:
    _add_data(parser)
    parser.add_argument("--folds", type=_folds, default=5, help="grouped folds (default: 5)")
    parser.add_argument(
        "--ignore-official-split",
        action="store_true",
        help="use grouped folds even where the table has its own train and test parts",
    )
    _add_config(parser)


def add_finetune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=["text", "image"], help="which backbone")
    _add_data(parser)
    parser.add_argument("--out", type=Path, required=True, help="new directory for the backbone")
    parser.add_argument("--epochs", type=_positive, default=None)
    parser.add_argument("--batch-size", type=_positive, default=None, help="per process and step")
    parser.add_argument("--learning-rate", type=float, default=None)
    parser.add_argument("--label-smoothing", type=_share, default=None)
    parser.add_argument("--amp", choices=["none", "bf16", "fp16"], default=None)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default=None)
    _add_config(parser)


def default_cache() -> Path:
    """Return the cache folder: CLASSIFIER_CACHE, or a folder in the user's cache."""
    if configured := os.environ.get("CLASSIFIER_CACHE"):
        return Path(configured)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bonrayon"


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="challenge layout (X_train*.csv, Y_train*.csv, images), a rows.jsonl or a products.csv",
    )
    parser.add_argument("--images", type=Path, default=None, help="pictures of a rows.jsonl")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="a trained model")


def _add_part(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--part",
        choices=["test", "all"],
        default="all",
        help="test: only the products that training on this folder kept apart; all: every"
        " product, for folders that the model was not trained on (default: %(default)s)",
    )


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="JSON file with training settings")
    parser.add_argument("--seed", type=int, default=None, help="seed of splits and intervals")
    parser.add_argument(
        "--members", nargs="+", choices=_MEMBERS, default=None, help="members to train"
    )
    parser.add_argument("--text-backbone", default=None, help="name or folder of the transformer")
    parser.add_argument("--image-backbone", default=None, help="name or file of the network")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _folds(text: str) -> int:
    value = int(text)
    if value < 2:
        raise argparse.ArgumentTypeError("must be at least 2")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must lie between 0 and 1")
    return value
