"""The command line: `python -m classifier COMMAND`."""
