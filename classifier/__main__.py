"""`python -m classifier`."""

from __future__ import annotations

import sys

from classifier.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
