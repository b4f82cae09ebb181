"""The review desk under fire: `python scripts/bench_siege.py --seconds 300 --moderators 50`.

Starts a site of its own (embedded PostgreSQL and Redis), lets moderators work over HTTP (answer,
skip, pass on, take back) with broken lines and overslept leases, and kills web, worker and database
processes with SIGKILL, one after another. Ends with status 1 when an item was handed to two people
or to one who had skipped it, or an acknowledged word is missing, doubled or not what the product, its
label and its item say.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.chaos.damage import as_json
from tests.chaos.siege import Siege, besiege


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--moderators", type=int, default=50)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bonrayon-siege-") as folder:
        damage = besiege(
            Siege(
                Path(folder) / "site",
                moderators=options.moderators,
                items=options.items,
                seconds=options.seconds,
                seed=options.seed,
            )
        )
    sys.stdout.write(as_json(damage) + "\n")
    return 0 if damage.is_none else 1


if __name__ == "__main__":
    sys.exit(main())
