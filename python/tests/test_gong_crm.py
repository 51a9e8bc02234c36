"""The module against the simulator inside the command: python -m unittest discover python/tests."""

import datetime
import decimal
import json
import os
import pathlib
import tempfile
import unittest
from typing import Iterator, Mapping
from unittest import mock

import gong_crm

ACCOUNT = {"objectId": "acc-1", "modifiedDate": "2026-01-15T09:30:00Z", "name": "Żubr"}


class WithFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name: str, *records: Mapping[str, object]) -> pathlib.Path:
        path = self.folder / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return path


class Check(WithFolder):
    def test_nothing_found_is_an_empty_list(self) -> None:
        self.assertEqual(gong_crm.check(self.file("accounts.ldjson", ACCOUNT)), [])

    def test_a_missing_field_is_a_finding_with_its_place(self) -> None:
        path = self.file("accounts.ldjson", ACCOUNT, {"objectId": "acc-2", "name": "Ibex"})
        (finding,) = gong_crm.check(path)
        self.assertEqual((finding.line, finding.objectId), (2, "acc-2"))
        self.assertEqual((finding.rule, finding.severity), ("missing-field", "error"))

    def test_a_file_that_is_not_there_is_a_command_error(self) -> None:
        with self.assertRaises(gong_crm.CommandError) as caught:
            gong_crm.check(self.folder / "none.ldjson")
        self.assertEqual((caught.exception.exit_code, caught.exception.code), (2, "usage"))


class Push(WithFolder):
    def test_done_says_what_was_accepted(self) -> None:
        report = gong_crm.push(self.file("accounts.ldjson", ACCOUNT), sim=True)
        self.assertEqual((report.verdict, report.accepted), ("done", 1))
        self.assertEqual(report.files[0].uploads[0].accepted, 1)

    def test_an_invalid_record_is_not_done(self) -> None:
        path = self.file("accounts.ldjson", {"objectId": "acc-2", "name": "Ibex"})
        with self.assertRaises(gong_crm.NotDone) as caught:
            gong_crm.push(path, sim=True)
        self.assertEqual(caught.exception.report.verdict, "invalid")
        self.assertEqual(caught.exception.report.errors[0].objectId, "acc-2")
        self.assertIn("nothing was sent", str(caught.exception))

    def test_what_is_allowed_is_a_verdict_and_not_a_rule(self) -> None:
        path = self.file("accounts.ldjson", {**ACCOUNT, "objectId": "a" * 65})
        with self.assertRaisesRegex(ValueError, "allow_rules"):
            gong_crm.push(path, sim=True, allow=["object-id-length"])  # type: ignore[list-item]
        allowed = gong_crm.check(path, allow_rules=["object-id-length"])
        self.assertNotIn("object-id-length", [finding.rule for finding in allowed])

    def test_options_without_a_report_are_refused_by_name(self) -> None:
        path = self.file("accounts.ldjson", ACCOUNT)
        with self.assertRaisesRegex(TypeError, "dry_run"):
            gong_crm.push(path, sim=True, dry_run=True)
        with self.assertRaisesRegex(TypeError, "dry_run"):
            gong_crm.push_records("ACCOUNT", [ACCOUNT], sim=True, dry_run=True)
        with self.assertRaisesRegex(TypeError, "output"):
            gong_crm.push(path, sim=True, output="html")
        with self.assertRaisesRegex(TypeError, r"\*paths"):
            gong_crm.check([path])  # type: ignore[arg-type]

    def test_errors_are_counted_apart_from_records(self) -> None:
        path = self.file("accounts.ldjson", {"objectId": "acc-2", "name": 7, "url": 7})
        with self.assertRaisesRegex(gong_crm.NotDone, "[2-9] errors in 1 record"):
            gong_crm.push(path, sim=True)

    def test_numbers_that_json_has_not_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "not a number of JSON"):
            gong_crm.push_records("ACCOUNT", [{**ACCOUNT, "n": decimal.Decimal("NaN")}], sim=True)

    def test_an_allowed_verdict_is_returned(self) -> None:
        path = self.file("accounts.ldjson", ACCOUNT, {"objectId": "acc-2", "name": "Ibex"})
        report = gong_crm.push(path, sim=True, skip_invalid=True, allow=("partial",))
        self.assertEqual((report.verdict, report.accepted), ("partial", 1))

    def test_without_credentials_the_hint_says_what_to_set(self) -> None:
        path = self.file("accounts.ldjson", ACCOUNT)
        names = [name for name in os.environ if name.startswith("GONG_")]
        with mock.patch.dict("os.environ"):
            for name in names:
                del os.environ[name]
            with self.assertRaises(gong_crm.CommandError) as caught:
                gong_crm.push(path, ledger=self.folder / "ledger.sqlite")
        self.assertEqual(caught.exception.exit_code, 4)
        self.assertIn("GONG_ACCESS_KEY", caught.exception.hint or "")

    def test_records_come_from_an_iterator(self) -> None:
        records = ({**ACCOUNT, "objectId": f"acc-{number}"} for number in range(5_000))
        self.assertEqual(gong_crm.push_records("ACCOUNT", records, sim=True).accepted, 5_000)

    def test_values_of_a_database_are_sent_as_gong_takes_them(self) -> None:
        zone = datetime.timezone(datetime.timedelta(hours=1))
        account = {
            **ACCOUNT,
            "modifiedDate": datetime.datetime(2026, 1, 15, 9, 30, 0, 250_000, zone),
            "founded__c": datetime.date(1998, 3, 31),
            "revenue__c": decimal.Decimal("1250.10"),
        }
        self.assertEqual(gong_crm.push_records("ACCOUNT", [account], sim=True).accepted, 1)

    def test_a_value_that_would_change_is_refused(self) -> None:
        account = {**ACCOUNT, "employees": decimal.Decimal("0.12345678901234567890")}
        with self.assertRaisesRegex(ValueError, "more digits"):
            gong_crm.push_records("ACCOUNT", [account], sim=True)
        account = {**ACCOUNT, "modifiedDate": datetime.datetime(2026, 1, 15)}
        with self.assertRaisesRegex(ValueError, "no time zone"):
            gong_crm.push_records("ACCOUNT", [account], sim=True)

    def test_nothing_is_sent_of_an_iterator_that_fails(self) -> None:
        def records() -> Iterator[Mapping[str, str]]:
            yield ACCOUNT
            raise RuntimeError("the database went away")

        with self.assertRaisesRegex(RuntimeError, "the database went away"):
            gong_crm.push_records("ACCOUNT", records(), sim=True)


class Sync(WithFolder):
    def config(self, exported: pathlib.Path) -> pathlib.Path:
        path = self.folder / "gong-crm.toml"
        path.write_text(f"[sources.ACCOUNT]\nfiles = {json.dumps(str(exported))}\n", encoding="utf-8")
        return path

    def test_the_plan_names_each_change(self) -> None:
        config = self.config(self.file("accounts.ldjson", ACCOUNT))
        plan = gong_crm.plan(sim=True, config=config)
        self.assertEqual([(change.objectId, change.action) for change in plan.changes], [("acc-1", "create")])
        self.assertEqual(plan.types[0].new, 1)

    def test_a_sync_that_is_done_has_its_plan(self) -> None:
        config = self.config(self.file("accounts.ldjson", ACCOUNT))
        report = gong_crm.sync(sim=True, config=config)
        self.assertEqual((report.verdict, report.accepted), ("done", 1))
        assert report.plan is not None
        self.assertEqual(len(report.plan.changes), 1)

    def test_a_missing_source_is_not_done(self) -> None:
        config = self.config(self.folder / "gone.ldjson")
        self.assertIn("source missing", gong_crm.plan(sim=True, config=config).problems[0].message)
        with self.assertRaisesRegex(gong_crm.NotDone, "source missing"):
            gong_crm.sync(sim=True, config=config)


if __name__ == "__main__":
    unittest.main()
