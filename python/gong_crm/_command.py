"""Runs the command, and converts its output to values and exceptions."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import (
    IO,
    Any,
    Dict,
    Iterable,
    List,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
    Union,
    get_args,
)

from . import _results
from ._results import Finding, Plan, PushReport, SyncReport

PathLike = Union[str, "os.PathLike[str]"]
Report = TypeVar("Report", bound=PushReport)
Verdict = Literal[
    "done", "partial", "failed", "invalid", "timed-out", "unknown", "held-back", "canceled"
]
VERDICTS: Tuple[str, ...] = get_args(Verdict)
Option = Union[None, bool, int, float, str, "os.PathLike[str]", Sequence[Any]]


class CommandError(Exception):
    """The command failed before it could write a report.

    ``code`` is its kind, such as ``"credentials"`` or ``"usage"``; ``hint`` says what to do;
    ``retryable`` says whether the same call can succeed later.
    """

    def __init__(
        self,
        exit_code: int,
        code: Optional[str],
        message: str,
        hint: Optional[str],
        retryable: bool = False,
    ) -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.exit_code = exit_code
        self.code = code
        self.message = message
        self.hint = hint
        self.retryable = retryable


class NotDone(Exception):
    """Not everything is in Gong as given; ``report`` has the result of each record."""

    def __init__(self, report: PushReport, exit_code: int) -> None:
        errors = report.errors
        # One record can have several errors; without an id, its line says which one it is.
        records = {(error.objectId, None if error.objectId else error.sourceLine) for error in errors}
        message = f"{report.verdict}: {_counted(len(errors), 'error')} in {_counted(len(records), 'record')}"
        super().__init__("; ".join([message, *report.reasons[:3]]))
        self.report = report
        self.exit_code = exit_code


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def command_path() -> str:
    """The path of the command ``gong-crm`` that this module runs.

    Raises ``FileNotFoundError`` if this package was installed without it and ``PATH`` has none.
    """
    name = "gong-crm" + (".exe" if os.name == "nt" else "")
    folders = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    schemes = sysconfig.get_scheme_names()
    user = f"{os.name}_user"
    if user in schemes:
        folders.append(sysconfig.get_path("scripts", user))
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    found = shutil.which("gong-crm")
    if found is None:
        raise FileNotFoundError(
            f"the command gong-crm is neither in {folders[0]} nor in PATH; install the package gong-crm"
        )
    return found


def check(*paths: PathLike, **options: Option) -> List[Finding]:
    """Find every problem of these files; without paths, of the sources of ``gong-crm.toml``.

    An empty list says that the check found nothing. ``allow_rules`` names rules that are not applied.
    """
    # 3: there are errors.
    output, _ = _run("check", paths, options, readable=(0, 3))
    return [_results.finding(json.loads(line)) for line in output.splitlines() if line]


def push(*paths: PathLike, allow: Iterable[Verdict] = (), **options: Option) -> PushReport:
    """Send the records of these files, and return when Gong holds each of them.

    Raises ``NotDone`` for any other verdict than ``"done"``, but for those of ``allow``. Rules of the
    check are named by ``allow_rules``.
    """
    allowed = _verdicts(allow)
    output, exit_code = _run("push", paths, _sending(options))
    return _verdict(_results.push_report(json.loads(output)), exit_code, allowed)


def push_records(
    object_type: str,
    records: Iterable[Mapping[str, Any]],
    allow: Iterable[Verdict] = (),
    **options: Option,
) -> PushReport:
    """Send records from memory, as ``push`` does with files; each is a mapping of Gong's field names.

    Values are those of JSON, and ``datetime`` with a time zone, ``date`` and ``Decimal``. The records
    are written to the command one at a time, so an iterator of any length is fine. If it raises,
    nothing is sent.
    """
    allowed = _verdicts(allow)
    lines = (json.dumps(record, ensure_ascii=False, default=_as_json) + "\n" for record in records)
    output, exit_code = _run("push", ["-"], {"type": object_type, **_sending(options)}, lines=lines)
    return _verdict(_results.push_report(json.loads(output)), exit_code, allowed)


def plan(**options: Option) -> Plan:
    """Show what ``sync`` would send and delete; nothing is sent.

    ``problems`` of the plan names each source that could not be read as declared.
    """
    # 6: there are problems; 10: with exit_code=True, there are changes.
    output, _ = _run("plan", (), options, readable=(0, 6, 10))
    return _results.plan(json.loads(output))


def sync(allow: Iterable[Verdict] = (), **options: Option) -> SyncReport:
    """Make Gong equal to the sources of ``gong-crm.toml``, and return when it is.

    Raises ``NotDone`` for any verdict except ``"done"`` and those in ``allow``.
    """
    allowed = _verdicts(allow)
    output, exit_code = _run("sync", (), {"yes": True, **options})
    return _verdict(_results.sync_report(json.loads(output)), exit_code, allowed)


def _verdicts(allow: Iterable[str]) -> Tuple[str, ...]:
    """The allowed verdicts; a rule of the check among them would be accepted and do nothing."""
    allowed = (allow,) if isinstance(allow, str) else tuple(allow)
    for word in allowed:
        if word not in VERDICTS:
            verdicts = ", ".join(VERDICTS)
            raise ValueError(f"{word!r} is not a verdict ({verdicts}); allow_rules names rules of the check")
    return allowed


def _sending(options: Mapping[str, Option]) -> Mapping[str, Option]:
    """The options of a push, which sends: what ``--dry-run`` prints is not a report."""
    if options.get("dry_run"):
        raise TypeError("dry_run has no report; use check, or plan, which shows what a sync would send")
    return options


def _verdict(report: Report, exit_code: int, allowed: Sequence[str]) -> Report:
    if (exit_code == 0 and report.verdict == "done") or report.verdict in allowed:
        return report
    raise NotDone(report, exit_code)


def _arguments(options: Mapping[str, Option]) -> List[str]:
    """Options as flags: ``skip_invalid=True`` is ``--skip-invalid``; a list repeats the flag."""
    arguments: List[str] = []
    for name, value in options.items():
        if name in ("output", "progress", "no_progress"):
            raise TypeError(f"{name} is not an option here: the output is read, and returned as a value")
        # `allow` of these functions names verdicts; that of the command names rules.
        name = {"allow_rules": "allow"}.get(name, name)
        flag = "--" + name.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            arguments.append(flag)
        elif isinstance(value, (list, tuple)):
            arguments.extend(f"{flag}={item}" for item in value)
        else:
            arguments.append(f"{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
    return arguments


def _run(
    verb: str,
    paths: Iterable[PathLike],
    options: Mapping[str, Option],
    readable: Optional[Tuple[int, ...]] = None,
    lines: Optional[Iterable[str]] = None,
) -> Tuple[str, int]:
    """Runs the command and returns its output, or raises the error that it printed.

    ``readable`` are the exit codes with an output to read; without it, any output is read.
    """
    arguments = [command_path(), verb, "--output=json", "--no-progress", *_arguments(options), "--"]
    for path in paths:
        if isinstance(path, (list, tuple)):
            raise TypeError("paths are arguments of their own: check(*paths)")
        arguments.append(os.fspath(path))
    # Files and not pipes: while records are written, nobody would empty a pipe.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL if lines is None else subprocess.PIPE,
            stdout=out,
            stderr=err,
        )
        try:
            if process.stdin is not None and lines is not None:
                _write(process.stdin, lines)
            exit_code = process.wait()
        except KeyboardInterrupt:
            # The command got the signal too: it stops in order, so that `resume` can go on.
            process.wait()
            raise
        except BaseException:
            # An iterator that failed: the written part must not be treated as complete.
            process.kill()
            process.wait()
            raise
        finally:
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
        output, errors = _text(out), _text(err)
    if (output.strip() or exit_code == 0) and (readable is None or exit_code in readable):
        return output, exit_code
    raise _error(exit_code, errors)


def _write(stdin: IO[bytes], lines: Iterable[str]) -> None:
    try:
        for line in lines:
            stdin.write(line.encode())
        stdin.close()
    except BrokenPipeError:
        # The command ended before it had read everything, and says why.
        pass


def _as_json(value: Any) -> Any:
    """Converts values of databases and data frames that JSON does not have, without loss."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; Gong takes no time without one")
        return value.isoformat(timespec="seconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a number of JSON")
        number = int(value) if value == value.to_integral_value() else float(value)
        if decimal.Decimal(repr(number)) != value:
            raise ValueError(f"{value} has more digits than a JSON number of Python can have")
        return number
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _error(exit_code: int, errors: str) -> CommandError:
    for line in reversed(errors.splitlines()):
        try:
            said: Dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "error" in said:
            retryable = said.get("retryable") is True
            return CommandError(exit_code, said.get("code"), said["error"], said.get("hint"), retryable)
    return CommandError(exit_code, None, errors.strip() or f"gong-crm ended with {exit_code}", None)
