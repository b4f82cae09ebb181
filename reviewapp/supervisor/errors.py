"""The one way the supervisor says no: a sentence that tells what to do."""


class SupervisorError(Exception):
    """The start cannot go on; the message is for the person at the terminal."""
