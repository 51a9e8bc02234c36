"""The real tap-pipedrive and Meltano with target-gong-crm.

Pipedrive's API is a stand-in with made-up data, and Gong is a simulator behind a proxy that can fail in
the middle of an upload. Needs TAP and MELTANO, the folders of the programs of both, BIN, that of
gong-crm, and a simulator in GONG_BASE_URL, GONG_ACCESS_KEY and GONG_ACCESS_KEY_SECRET.
"""

import http.client
import http.server
import json
import os
import pathlib
import shlex
import subprocess
import threading
import urllib.parse

import pytest

HERE = pathlib.Path(__file__).parent
BIN = pathlib.Path(os.environ["BIN"])
ADDED = "2026-01-02T03:04:05.000000Z"
STREAMS = ["stages", "pipelines", "users", "deals", "organizations", "persons"]


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def pipedrive():
    """A stand-in of Pipedrive's API: 30 deals, of which the first has the title that is set."""
    records = {
        "stages": [
            {"id": 2, "name": "New", "order_nr": 1, "pipeline_id": 1, "is_deleted": False,
             "add_time": ADDED, "update_time": None},
        ],
        "pipelines": [
            {"id": 1, "name": "Sales", "order_nr": 0, "is_deleted": False,
             "add_time": ADDED, "update_time": ADDED},
        ],
        "users": [
            {"id": 7, "name": "Ada", "email": "ada@acme.example", "active_flag": True,
             "created": ADDED, "modified": ADDED},
        ],
        "organizations": [
            {"id": 3, "name": "Borealis", "website": "https://borealis.example", "is_deleted": False,
             "add_time": ADDED, "update_time": ADDED},
        ],
        "persons": [
            {"id": 5, "name": "Zoe Lund", "first_name": "Zoe", "last_name": "Lund", "org_id": 3,
             "emails": [{"value": "zoe@borealis.example", "primary": True}], "phones": [],
             "is_deleted": False, "add_time": ADDED, "update_time": ADDED},
        ],
        "deals": [
            {"id": 100 + number, "title": f"Deal {number}", "org_id": 3, "owner_id": 7, "stage_id": 2,
             "value": 1000.5, "currency": "EUR", "status": "open", "is_deleted": False,
             "expected_close_date": "2026-12-31", "add_time": ADDED, "update_time": ADDED}
            for number in range(30)
        ],
    }

    class Handler(Quiet):
        def do_GET(self):
            parts = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(parts.query))
            data = records.get(parts.path.split("/")[-1], [])
            data = sorted(data, key=lambda record: record.get("update_time") or "", reverse=True)
            if "updated_since" in query:
                data.reverse()
                since = query["updated_since"]
                data = [one for one in data if (one.get("update_time") or since) >= since]
            answer = json.dumps({"success": True, "data": data, "additional_data": {}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("x-ratelimit-remaining", "80")
            self.send_header("x-ratelimit-reset", "2")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = serve(Handler)
    server.records = records
    yield server
    server.shutdown()


@pytest.fixture
def gong():
    """The simulator, behind a proxy that breaks uploads off while `fails` is set."""
    to = urllib.parse.urlsplit(os.environ["GONG_BASE_URL"]).netloc

    class Handler(Quiet):
        def pass_on(self):
            length = int(self.headers.get("Content-Length") or 0)
            chunked = self.headers.get("Transfer-Encoding") == "chunked"
            is_upload = self.path.startswith("/v2/crm/entities?") and self.command == "POST"
            if is_upload and self.server.fails:
                self.server.broken += 1
                self.rfile.read(min(length, 64))
                self.close_connection = True
                self.connection.close()
                return
            body = self.chunks() if chunked else self.rfile.read(length)
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("host", "transfer-encoding", "content-length")
            }
            headers["Host"] = to
            connection = http.client.HTTPConnection(to)
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def chunks(self):
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        do_GET = do_POST = do_PUT = do_DELETE = pass_on

    server = serve(Handler)
    server.fails, server.broken = False, 0
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()


@pytest.fixture
def tap(tmp_path, pipedrive):
    """A program that is tap-pipedrive, turned to the stand-in; its settings; its catalog."""
    program = tmp_path / "tap-pipedrive"
    python = pathlib.Path(os.environ["TAP"]) / "python"
    words = [str(python), str(HERE / "loopback.py"), str(pipedrive.server_address[1])]
    words.append("tap_pipedrive.cli")
    program.write_text("#!/bin/sh\nexec " + shlex.join(words) + ' "$@"\n')
    program.chmod(0o755)
    config = tmp_path / "tap.json"
    config.write_text(json.dumps({"api_token": "made-up", "start_date": "2025-01-01T00:00:00Z"}))
    found = run([program, "--config", config, "--discover"])
    catalog = json.loads(found.stdout)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"] and stream["stream"] in STREAMS:
                entry["metadata"]["selected"] = True
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(catalog))
    return program, config, path


def run(command, expected=0, **options):
    words = [str(word) for word in command]
    ended = subprocess.run(words, capture_output=True, text=True, **options)
    codes = expected if isinstance(expected, tuple) else (expected,)
    assert ended.returncode in codes, f"{words}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended


def in_gong(folder, kind, object_id):
    """A record as the simulator holds it."""
    words = [BIN / "gong-crm", "objects", "get", "--type", kind, object_id, "-o", "json"]
    return run([*words, "--ledger", folder / "other.sqlite"]).stdout


def settings(gong, folder):
    return {
        "preset": "pipedrive",
        "currency": "EUR",
        "base_url": gong.url,
        "access_key": os.environ["GONG_ACCESS_KEY"],
        "access_key_secret": os.environ["GONG_ACCESS_KEY_SECRET"],
        "ledger": str(folder / "ledger.sqlite"),
        "account_delay": "0s",
        "poll_interval": "100ms",
    }


def test_tap_ends_in_gong_and_a_broken_upload_lets_no_state_out(tmp_path, pipedrive, gong, tap):
    program, config, catalog = tap
    state = tmp_path / "state.json"
    (tmp_path / "gong.json").write_text(json.dumps(settings(gong, tmp_path)))
    command = shlex.join([str(program), "--config", str(config), "--catalog", str(catalog)])
    target = [BIN / "target-gong-crm", "--config", tmp_path / "gong.json"]
    target += ["--tap", command, "--state", state, "--retry-backoff", "100ms"]
    first = run(target)
    assert json.loads(first.stdout)["bookmarks"]["deals"]["update_time"] == "2026-01-02T03:04:05Z"
    assert json.loads(first.stdout) == json.loads(state.read_text())
    assert "Deal 0" in in_gong(tmp_path, "DEAL", "100")
    before = state.read_text()
    pipedrive.records["deals"][0].update(title="Wind park", update_time="2026-02-01T00:00:00.000000Z")
    gong.fails = True
    broken = run(target, expected=(6, 9))
    assert gong.broken > 0
    assert broken.stdout == "" and state.read_text() == before
    gong.fails = False
    again = run(target)
    assert json.loads(again.stdout)["bookmarks"]["deals"]["update_time"] == "2026-02-01T00:00:00Z"
    assert "Wind park" in in_gong(tmp_path, "DEAL", "100")


def test_sync_reads_the_tap_of_the_config_file(tmp_path, pipedrive, gong, tap):
    """`tap` in [sources]: state after the verdict, only what changed, and once in a while everything."""
    program, config, catalog = tap
    # The other tests use the same Gong.
    number = 1000
    for one in pipedrive.records["deals"]:
        one["id"] += number
    words = json.dumps([str(program), "--config", str(config), "--catalog", str(catalog)])
    named = tmp_path / "gong-crm.toml"

    def configure(more=""):
        named.write_text(
            f"ledger = 'ledger.sqlite'\n[sync]\nscope = 'sync'\n[sources]\ntap = {words}\n"
            f"preset = 'pipedrive'\ncurrency = 'EUR'\n{more}\n"
        )

    def sync(expected=0, *more):
        command = [BIN / "gong-crm", "--config", named, "--base-url", gong.url, "sync", "-o", "json"]
        command += ["--account-delay", "0", "--poll-interval", "100ms", "--retry-backoff", "100ms"]
        return json.loads(run([*command, *more], expected).stdout)

    def deals(report):
        plan = report["plan"]["types"]
        return next(one for one in plan if one["objectType"] == "DEAL")

    configure()
    assert deals(sync())["new"] == 30
    kept = tmp_path / "ledger.sqlite.singer" / "sync" / "+state.json"
    before = kept.read_text()
    assert json.loads(before)["bookmarks"]["deals"]["update_time"] == "2026-01-02T03:04:05Z"
    pipedrive.records["deals"][0].update(title="Wind park", update_time="2026-02-01T00:00:00.000000Z")
    gong.fails = True
    sync((6, 9))
    assert gong.broken > 0 and kept.read_text() == before
    gong.fails = False
    assert deals(sync())["changed"] <= 1
    assert "Wind park" in in_gong(tmp_path, "DEAL", str(100 + number))
    assert json.loads(kept.read_text())["bookmarks"]["deals"]["update_time"] == "2026-02-01T00:00:00Z"
    # A run with the state does not show what is gone; one without does.
    del pipedrive.records["deals"][5]
    assert deals(sync())["deleted"] == 0
    configure("complete-every = '0s'")
    assert deals(sync(0, "--max-deletions", "unlimited"))["deleted"] == 1
    assert "Deal 5" not in in_gong(tmp_path, "DEAL", str(105 + number))


def test_meltano_keeps_the_state_of_the_last_good_run(tmp_path, pipedrive, gong, tap):
    program, config, _ = tap
    meltano = pathlib.Path(os.environ["MELTANO"]) / "meltano"
    folder = tmp_path / "project"
    plan = {
        "version": 1,
        "default_environment": "dev",
        "environments": [{"name": "dev"}],
        "send_anonymous_usage_stats": False,
        "project_id": "6f1c2d3e-0000-4000-8000-000000000000",
        "plugins": {
            "extractors": [{
                "name": "tap-pipedrive",
                "namespace": "tap_pipedrive",
                "executable": str(program),
                "capabilities": ["catalog", "discover", "state"],
                "config": json.loads(config.read_text()),
                "select": [f"{stream}.*" for stream in STREAMS],
            }],
            "loaders": [{
                "name": "target-gong-crm",
                "namespace": "target_gong_crm",
                "executable": str(BIN / "target-gong-crm"),
                "settings": [{"name": name} for name in settings(gong, tmp_path)],
                "config": settings(gong, tmp_path),
            }],
        },
    }
    folder.mkdir()
    # JSON is YAML.
    (folder / "meltano.yml").write_text(json.dumps(plan))
    environment = dict(os.environ, MELTANO_SEND_ANONYMOUS_USAGE_STATS="false", NO_COLOR="1")

    def run_meltano(expected=0):
        words = [meltano, "run", "tap-pipedrive", "target-gong-crm"]
        return run(words, expected, cwd=folder, env=environment)

    def state():
        words = [meltano, "state", "get", "dev:tap-pipedrive-to-target-gong-crm"]
        kept = run(words, cwd=folder, env=environment).stdout
        return json.loads(kept)["singer_state"]["bookmarks"]["deals"]["update_time"]

    run_meltano()
    assert state() == "2026-01-02T03:04:05Z"
    pipedrive.records["deals"][1].update(title="Second", update_time="2026-02-01T00:00:00.000000Z")
    run_meltano()
    assert state() == "2026-02-01T00:00:00Z"
    assert "Second" in in_gong(tmp_path, "DEAL", "101")
    pipedrive.records["deals"][2].update(title="Third", update_time="2026-03-01T00:00:00.000000Z")
    gong.fails = True
    run_meltano(expected=1)
    assert gong.broken > 0
    assert state() == "2026-02-01T00:00:00Z"
    gong.fails = False
    run_meltano()
    assert state() == "2026-03-01T00:00:00Z"
    assert "Third" in in_gong(tmp_path, "DEAL", "102")
