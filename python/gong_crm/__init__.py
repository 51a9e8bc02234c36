"""Keep Gong in sync with any CRM, from Python.

Each function runs the command ``gong-crm`` of this package and reads its JSON. ``push``,
``push_records`` and ``sync`` return only if everything is in Gong as given; otherwise they raise
``NotDone`` with the report.
"""

from importlib.metadata import PackageNotFoundError, version as _version

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
    Coverage,
    FileReport,
    Finding,
    Skipped,
    Plan,
    Problem,
    PushReport,
    RecordError,
    SyncReport,
    TypePlan,
    UnseenOwner,
    Upload,
)

try:
    __version__ = _version("gong-crm")
except PackageNotFoundError:
    # The module is used from a checkout.
    __version__ = "0+unknown"

__all__ = [
    "Change",
    "CommandError",
    "Coverage",
    "FileReport",
    "Finding",
    "Skipped",
    "NotDone",
    "Plan",
    "Problem",
    "PushReport",
    "RecordError",
    "SyncReport",
    "TypePlan",
    "UnseenOwner",
    "Upload",
    "__version__",
    "check",
    "command_path",
    "plan",
    "push",
    "push_records",
    "sync",
]
