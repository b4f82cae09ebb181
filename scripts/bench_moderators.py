"""Finding a careless moderator: `python scripts/bench_moderators.py --runs 200`.

Each run is a team of 8 careful moderators and a new one, 20 % of whose answers are random. Ends
with status 1 unless every careless one is found within 150 decisions in 95 % of runs, and fewer
than 5 % of the careful ones are reported.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reviewapp.domain.intervals import share
from tests.moderator_world import run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--decisions", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    runs = [
        run(seed=options.seed + number, decisions=options.decisions)
        for number in range(options.runs)
    ]
    careless = [after for one in runs for after in one.careless]
    careful = [after for one in runs for after in one.careful]
    found = sorted(after for after in careless if after is not None)
    accused = share(sum(after is not None for after in careful), len(careful))
    report = {
        "runs": options.runs,
        "careless_found": f"{len(found)} of {len(careless)}",
        "decisions_until_found": {
            "median": statistics.median(found) if found else None,
            "p95": found[int(0.95 * (len(found) - 1))] if found else None,
            "max": found[-1] if found else None,
        },
        "careful_reported": f"{round(accused.value * accused.sample)} of {accused.sample}",
        "careful_reported_share": [round(v, 4) for v in (accused.value, accused.low, accused.high)],
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    return 0 if len(found) >= 0.95 * len(careless) and accused.value < 0.05 else 1


if __name__ == "__main__":
    sys.exit(main())
