"""Doing something in another database connection while the test's own transaction is open."""

import threading

from django.db import connection


def in_new_connection(work, timeout=5):
    """Return what `work` returns in a thread of its own; fail when it waits for a lock."""
    outcome = {}

    def run():
        try:
            outcome["value"] = work()
        except BaseException as error:
            outcome["error"] = error
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout)
    assert not thread.is_alive(), "it waits for a lock"
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]
