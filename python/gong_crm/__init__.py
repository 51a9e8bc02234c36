"""Keep Gong equal to any CRM, from Python.

Each function runs the command ``gong-crm`` of this package and reads its JSON. ``push``,
``push_records`` and ``sync`` return only when Gong holds what was asked for; otherwise they raise
``NotDone`` with the report.
"""

from ._command import (
    CommandError,
    NotDone,
    check,
    command_path,
    plan,
    push,
    push_records,
    sync,
)
from ._results import (
    Change,
    FileReport,
    Finding,
    Plan,
    Problem,
    PushReport,
    RecordError,
    SyncReport,
    TypePlan,
    Upload,
)

__all__ = [
    "Change",
    "CommandError",
    "FileReport",
    "Finding",
    "NotDone",
    "Plan",
    "Problem",
    "PushReport",
    "RecordError",
    "SyncReport",
    "TypePlan",
    "Upload",
    "check",
    "command_path",
    "plan",
    "push",
    "push_records",
    "sync",
]
