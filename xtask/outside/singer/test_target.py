"""singer-sdk's own tests of targets, against target-gong-crm.

The suite drives a Python class; this one hands the messages to the program, and gives its errors the
names that the suite expects.
"""

import os
import subprocess

from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.testing import get_target_test_class


class TargetGongCrm(Target):
    """target-gong-crm as a class."""

    name = "target-gong-crm"
    config_jsonschema = th.PropertiesList(
        th.Property("base_url", th.StringType),
        th.Property("access_key", th.StringType),
        th.Property("access_key_secret", th.StringType, secret=True),
    ).to_dict()

    def process_lines(self, file_input):
        self.messages = file_input.read()

    def process_endofpipe(self):
        ended = subprocess.run(
            [os.environ["TARGET"], "--preset", "pipedrive", "--ledger", os.environ["LEDGER"]],
            input=self.messages,
            capture_output=True,
            text=True,
        )
        print(ended.stdout, end="")
        if ended.returncode == 0:
            return
        if "SCHEMA message" in ended.stderr:
            raise RecordsWithoutSchemaException(ended.stderr)
        if "key property" in ended.stderr:
            raise MissingKeyPropertiesError(ended.stderr)
        raise RuntimeError(ended.stderr)


TestTargetGongCrm = get_target_test_class(TargetGongCrm, config={})
