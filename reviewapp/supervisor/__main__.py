"""python -m reviewapp.supervisor run|exec|process|health|doctor"""

import sys

from reviewapp.supervisor.cli import main

if __name__ == "__main__":
    sys.exit(main())
