"""A folder with a config file, the command, and the simulator that the environment names."""

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from decimal import Decimal
from pathlib import Path

COMMAND = os.environ["GONG_CRM"]
BASE_URL = os.environ["GONG_BASE_URL"]


def wait_until(what, is_so, seconds=60):
    """Waits until something is so; fails if it takes too long."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_listening(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class Place:
    """A folder with a config file and a ledger of its own, and the objects in the simulator."""

    def __init__(self, **environment):
        self.folder = Path(tempfile.mkdtemp(prefix="gong-crm-sources-"))
        self.environment = {**os.environ, **environment}
        self.sim("POST", "/reset", {})
        self.sim("POST", "/integrations", {"name": "Acme CRM", "ownerEmail": "admin@acme.example"})

    def sim(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(BASE_URL + "/_sim" + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", "Bearer " + os.environ["GONG_SIM_TOKEN"])
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null", parse_float=Decimal)

    def configure(self, object_type, source, mapping=None):
        text = f'ledger = "ledger.sqlite"\n[sources.{object_type}]\ncomplete = true\n{source}\n'
        if mapping is not None:
            (self.folder / "map.toml").write_text(mapping)
            text += 'map = "map.toml"\n'
        (self.folder / "gong-crm.toml").write_text(text)

    def start(self, *words):
        environment = {k: v for k, v in self.environment.items() if k != "GONG_INTEGRATION_ID"}
        return subprocess.Popen(
            [COMMAND, "--config", "gong-crm.toml", *words],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words, code=0):
        """Runs the command; returns its standard output and error."""
        process = self.start(*words)
        output, error = process.communicate()
        told = f"{words} ended with {process.returncode}:\n{output}\n{error}"
        assert process.returncode == code, told
        return output, error

    def sync(self, code=0):
        words = ("sync", "--account-delay", "0", "--max-deletions", "unlimited", "-o", "json")
        output, error = self.run(*words, code=code)
        return json.loads(output)

    def problem(self):
        """Syncs, expects that the source fails, and returns what it says."""
        report = self.sync(code=6)
        problems = report["plan"]["problems"]
        assert problems, report
        assert report["plan"]["types"][0]["deleted"] == 0, report
        return problems[0]["message"]

    def count(self, object_type):
        return self.sim("GET", "/objects")["counts"][object_type]

    def object(self, object_type, object_id):
        found = self.sim("GET", f"/objects/{object_type}/{object_id}")
        return found.get("object", found)

    def peak_memory(self, *words):
        """Runs the command; returns its largest memory in MB."""
        process = self.start(*words)
        process.stdout.close()
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        assert os.waitstatus_to_exitcode(status) in (0, 3), error
        return usage.ru_maxrss // 1024


def say(text):
    print(f"   {text}", flush=True)
