"""`python -m reviewapp.demo OUT --count N --seed S`: write a demo catalogue to a folder."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reviewapp.demo.challenge_folder import write_challenge_folder

PROGRESS_EVERY = 100


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m reviewapp.demo",
        description="Write a catalogue of invented products in the layout of the Rakuten challenge.",
    )
    parser.add_argument("out", type=Path, help="an empty or new folder")
    parser.add_argument("--count", type=_positive, default=1500, help="products (default 1500)")
    parser.add_argument("--seed", type=int, default=1, help="which stream (default 1)")
    options = parser.parse_args(arguments)

    def show(done: int) -> None:
        if done % PROGRESS_EVERY == 0 or done == options.count:
            sys.stderr.write(f"\r{done}/{options.count} products")

    try:
        summary = write_challenge_folder(options.out, options.count, options.seed, show)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    megabytes = summary.picture_bytes / 1e6
    sys.stderr.write("\n")
    sys.stdout.write(
        f"{options.out}: {summary.products} invented products, {summary.pictures} pictures "
        f"({megabytes:.1f} MB), seed {options.seed}. Demo only, nothing is for sale.\n"
    )
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
