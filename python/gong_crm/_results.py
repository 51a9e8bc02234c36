"""The results of the command, as typed values.

Names are those of the command's JSON (``gong-crm push -o json``), so that its documentation applies
here too. Keys that a later version of the command adds are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Dict, List, Optional, Type, TypeVar, cast

Json = Dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """A problem that the check found; ``severity`` is ``"error"`` or ``"warning"``.

    ``line``, ``column`` and ``objectId`` are ``None`` for a finding about a whole file or column.
    """

    path: str
    line: Optional[int]
    column: Optional[int]
    rule: str
    severity: str
    field: Optional[str]
    objectId: Optional[str]
    count: int
    message: str
    hint: Optional[str]


@dataclass(frozen=True)
class Upload:
    """One upload, with its id in Gong."""

    clientRequestId: str
    status: str
    records: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class RecordError:
    """Why one record is not in Gong as given."""

    clientRequestId: Optional[str]
    line: Optional[int]
    sourceLine: Optional[int]
    objectId: Optional[str]
    description: str


@dataclass(frozen=True)
class FileReport:
    """The results of the records of one file or source."""

    path: str
    objectType: str
    status: str
    records: int
    unchanged: int
    accepted: int
    rejected: int
    uploads: List[Upload]
    errors: List[RecordError]
    reason: Optional[str]


@dataclass(frozen=True)
class PushReport:
    """The result of a push; ``verdict`` is ``"done"`` only if every record is in Gong as given."""

    verdict: str
    files: List[FileReport]

    @property
    def accepted(self) -> int:
        """Records that were sent and that Gong accepted."""
        return sum(file.accepted for file in self.files)

    @property
    def unchanged(self) -> int:
        """Records that were in Gong already."""
        return sum(file.unchanged for file in self.files)

    @property
    def errors(self) -> List[RecordError]:
        """The errors of all files."""
        return [error for file in self.files for error in file.errors]

    @property
    def reasons(self) -> List[str]:
        """Why files or sources as a whole are not done."""
        return [f"{file.path}: {file.reason}" for file in self.files if file.reason]


@dataclass(frozen=True)
class TypePlan:
    """What a sync would do with the records of one type."""

    objectType: str
    source: int
    new: int
    changed: int
    deleted: int
    unchanged: int
    heldBack: int
    allowedDeletions: Optional[int]
    neverSentDeletions: int


@dataclass(frozen=True)
class Change:
    """One record that a sync would send or hold back.

    ``action`` is ``"create"``, ``"update"``, ``"delete"`` or ``"hold-back"``. ``objectId`` is ``None`` for
    a row that is held back because it has no id.
    """

    objectType: str
    objectId: Optional[str]
    action: str
    fields: List[str]
    reason: Optional[str]


@dataclass(frozen=True)
class Problem:
    """A source that could not be read as it was declared, such as a file that is missing."""

    objectType: str
    source: str
    message: str


@dataclass(frozen=True)
class Skipped:
    """An action of a plan file that is not possible as planned any more."""

    objectType: str
    objectId: str
    reason: str


@dataclass(frozen=True)
class UnseenOwner:
    """Deals of an owner who is not an active Gong user.

    ``ownerId`` is ``None`` for all owners of whom no business user was sent; ``owners`` says how many.
    """

    ownerId: Optional[str]
    seat: str
    owners: int
    deals: int


@dataclass(frozen=True)
class Coverage:
    """How many deals people see on a deal board, by their owners."""

    deals: int
    withoutOwner: int
    unseen: List[UnseenOwner]


@dataclass(frozen=True)
class Plan:
    """What a sync would do, record by record; nothing was sent.

    ``heldDeletions`` is the path of the list of deletions that a limit holds back, or ``None``.
    ``coverage`` is ``None`` before Gong's users were listed.
    """

    types: List[TypePlan]
    changes: List[Change]
    problems: List[Problem]
    heldDeletions: Optional[str]
    uploads: int
    calls: int
    skipped: List[Skipped]
    notes: List[str]
    coverage: Optional[Coverage]


@dataclass(frozen=True)
class SyncReport(PushReport):
    """The result of a sync, with its plan."""

    plan: Optional[Plan]

    @property
    def reasons(self) -> List[str]:
        """Why files or sources as a whole are not done."""
        problems = self.plan.problems if self.plan else []
        return [problem.message for problem in problems] + super().reasons


def _take(kind: Type[T], values: Json, **replaced: Any) -> T:
    """A value of a dataclass from the keys of its fields; a missing key is ``None``."""
    names = [field.name for field in fields(cast(Any, kind))]
    return kind(**{name: replaced.get(name, values.get(name)) for name in names})


def finding(values: Json) -> Finding:
    return _take(Finding, values)


def _file(values: Json) -> FileReport:
    return _take(
        FileReport,
        values,
        uploads=[_take(Upload, upload) for upload in values["uploads"]],
        errors=[_take(RecordError, error) for error in values["errors"]],
    )


def push_report(values: Json) -> PushReport:
    return PushReport(values["verdict"], [_file(file) for file in values["files"]])


def _coverage(values: Json) -> Coverage:
    unseen = [_take(UnseenOwner, owner) for owner in values["unseen"]]
    return _take(Coverage, values, unseen=unseen)


def plan(values: Json) -> Plan:
    covered = values.get("coverage")
    return _take(
        Plan,
        values,
        types=[_take(TypePlan, kind) for kind in values["types"]],
        changes=[_take(Change, change) for change in values["changes"]],
        problems=[_take(Problem, problem) for problem in values["problems"]],
        skipped=[_take(Skipped, left) for left in values["skipped"]],
        coverage=_coverage(covered) if covered else None,
    )


def sync_report(values: Json) -> SyncReport:
    planned = values.get("plan")
    return SyncReport(
        values["verdict"],
        [_file(file) for file in values["files"]],
        plan(planned) if planned else None,
    )
