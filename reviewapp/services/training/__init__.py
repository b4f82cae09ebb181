"""Training runs: asked for, held by one worker at a time, resumed after a kill, ended once."""

from reviewapp.services.training.ending import (
    OtherRunIsOpen,
    RunHasEnded,
    RunIsOpen,
    cancel_run,
    end_cancelled,
    fail_run,
    finish_run,
    retry_run,
)
from reviewapp.services.training.holding import (
    Progress,
    RunHold,
    RunLost,
    claim_run,
    release_run,
    report_run,
    run_folder,
)
from reviewapp.services.training.requesting import NothingToTrain, request_run
from reviewapp.services.training.rows import RowsMissing, freeze_rows
from reviewapp.services.training.schedule import (
    current_schedule,
    follow_schedule,
    promote_first,
    rules_of,
    set_schedule,
)

__all__ = [
    "NothingToTrain",
    "OtherRunIsOpen",
    "Progress",
    "RowsMissing",
    "RunHasEnded",
    "RunHold",
    "RunIsOpen",
    "RunLost",
    "cancel_run",
    "claim_run",
    "current_schedule",
    "end_cancelled",
    "fail_run",
    "finish_run",
    "follow_schedule",
    "freeze_rows",
    "promote_first",
    "release_run",
    "report_run",
    "request_run",
    "retry_run",
    "rules_of",
    "run_folder",
    "set_schedule",
]
