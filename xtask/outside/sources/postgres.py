"""Postgres from the system's packages, on loopback: types, faults, TLS, memory."""

import os
import shutil
import subprocess
import tempfile
from decimal import Decimal
from pathlib import Path

from common import Place, free_port, say, wait_until

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
assert BIN, "this needs Postgres: apt-get install postgresql"

# The server refuses to run as root.
USER = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []


class Server:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gong-crm-postgres-"))
        self.port = free_port()
        if USER:
            shutil.chown(self.folder, "postgres", "postgres")
        self.data = self.folder / "data"
        password = self.folder / "password"
        password.write_text("hunter2\n")
        if USER:
            shutil.chown(password, "postgres", "postgres")
        self.call("initdb", "-D", self.data, "-U", "ada", "-A", "scram-sha-256", "-E", "UTF8",
                  f"--pwfile={password}", "--no-sync", "--locale=C.UTF-8")
        self.certificate()
        self.start()

    def call(self, program, *words):
        words = [str(word) for word in words]
        done = subprocess.run([*USER, str(BIN / program), *words], capture_output=True, text=True)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def certificate(self):
        """A certificate for localhost, which nobody but this test trusts."""
        key, self.root = self.data / "server.key", self.folder / "server.crt"
        subprocess.run(
            ["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", self.root],
            check=True, capture_output=True,
        )
        shutil.copy(self.root, self.data / "server.crt")
        key.chmod(0o600)
        if USER:
            shutil.chown(key, "postgres", "postgres")
            shutil.chown(self.data / "server.crt", "postgres", "postgres")

    def start(self):
        # No data is worth keeping.
        options = (f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c fsync=off -c ssl=on "
                   "-c timezone=America/New_York -c datestyle=German")
        self.call("pg_ctl", "-D", self.data, "-o", options, "-l", self.folder / "log", "-w", "start")

    def stop(self, mode="immediate"):
        self.call("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def sql(self, text):
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text, self.url("postgres")],
            capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def url(self, database="postgres", mode="disable", password="hunter2"):
        return f"postgres://ada:{password}@localhost:{self.port}/{database}?sslmode={mode}"


SOURCE = 'sql = { url = "env:CRM_DATABASE_URL", query = "deals.sql" }'

TABLE = """
create type stage as enum ('new', 'won');
create table deals (
  id bigint, name text, amount numeric(20, 2), changed timestamptz, closes date, status stage,
  score double precision, tags text[], owner jsonb, secret uuid, nothing text, "Is Key" boolean
);
insert into deals select n, 'Deal ' || n, n + 0.10, '2026-01-15 09:30:00+01', '2026-06-30', 'won',
  0.5, array['a', 'b"c'], '{"email": "ada@acme.example"}', gen_random_uuid(), null, true
from generate_series(1, 5000) as n;
update deals set id = 9007199254740993 where id = 5000;
update deals set amount = 123456789012345678.91 where id = 1;
"""

QUERY = """
-- Every deal; names are folded by Postgres.
select id as objectId, name, amount, changed as modifiedDate, closes as closeDate,
  owner ->> 'email' as ownerId, score, tags, "Is Key", nothing, 'OPEN' as status
from deals;
"""


def types(server, place):
    say("types, by names of columns")
    server.sql(TABLE)
    place.configure("DEAL", SOURCE)
    (place.folder / "deals.sql").write_text(QUERY)
    report = place.sync()
    assert report["plan"]["types"][0]["new"] == 5000, report["plan"]["types"]
    first = place.object("DEAL", "1")
    say(first)
    assert first["modifiedDate"] == "2026-01-15T08:30:00+00:00", first
    assert first["amount"] == Decimal("123456789012345678.91"), first
    assert first["closeDate"] == "2026-06-30", first
    assert first["tags"] == ["a", 'b"c'], first
    assert first["Is Key"] is True and first["score"] == 0.5, first
    assert "nothing" not in first, first
    assert place.object("DEAL", "9007199254740993")["name"] == "Deal 5000"
    assert place.sync()["calls"] == 0
    server.sql("delete from deals where id between 10 and 19")
    assert place.sync()["plan"]["types"][0]["deleted"] == 10
    assert place.count("DEAL") == 4990


def faults(server, place):
    say("a query that is cut off, at several rows")
    slow = 'select id as objectId, name, changed as modifiedDate, pg_sleep(case id % 1000 when 0 then 1 else 0 end)::text as slept from deals'
    for ends in ("terminate", "stop"):
        (place.folder / "deals.sql").write_text(slow)
        process = place.start("sync", "--max-deletions", "unlimited", "-o", "json")
        running = "select count(*) from pg_stat_activity where application_name = 'gong-crm' and state = 'active'"
        wait_until("the query runs", lambda: server.sql(running) != "0")
        if ends == "terminate":
            server.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gong-crm'")
        else:
            server.stop()
        output, error = process.communicate()
        assert process.returncode == 6, (output, error)
        say(output[output.find('"message"'):][:160])
        assert "query deals.sql, after row" in output, output
        if ends == "stop":
            assert "cannot connect to env:CRM_DATABASE_URL" in place.problem()
            server.start()
        assert place.count("DEAL") == 4990
    say("an error in the midst of the rows")
    (place.folder / "deals.sql").write_text(
        "select id as objectId, changed as modifiedDate, (1 / (id - 4000))::text as x from deals order by id")
    message = place.problem()
    assert "division by zero (22012)" in message and "after row" in message, message
    for query, expected in [
        ("select id from deals", "no column is called objectId; there are id"),
        ("select * from missing", 'relation "missing" does not exist (42P01)'),
        ("delete from deals", "it gives no rows"),
        ("delete from deals returning id as objectId", "syntax error"),
        ("select id as objectId, '\\x4e'::bytea as raw from deals", 'column "raw" has bytes'),
        ("select 1 as a, 2 as a", 'two columns are called "a"'),
    ]:
        (place.folder / "deals.sql").write_text(query)
        message = place.problem()
        assert expected in message, (query, message)
    assert place.count("DEAL") == 4990
    assert server.sql("select count(*) from deals") == "4990"


def secrets(server, place):
    say("a wrong password, and TLS with a certificate that is not trusted, and one that is")
    (place.folder / "deals.sql").write_text(QUERY)
    place.environment["CRM_DATABASE_URL"] = server.url(password="wrong-secret")
    message = place.problem()
    assert "password authentication failed" in message and "wrong-secret" not in message, message
    place.environment["CRM_DATABASE_URL"] = server.url(mode="require")
    message = place.problem()
    assert "certificate" in message.lower(), message
    place.environment["SSL_CERT_FILE"] = str(server.root)
    place.sync()
    place.environment["CRM_DATABASE_URL"] = server.url()


def memory(server, place):
    say("a million rows in flat memory")
    server.sql("create table many as select n as id, 'Deal ' || n as name from generate_series(1, 1000000) n")
    query = ("select id as \\\"objectId\\\", name, '2026-01-15T09:30:00Z' as \\\"modifiedDate\\\" from many"
             " where id <= {}")
    peaks = []
    for rows in (50_000, 1_000_000):
        text = query.format(rows)
        place.configure("ACCOUNT", f'sql = {{ url = "env:CRM_DATABASE_URL", query = "{text}" }}')
        peaks.append(place.peak_memory("check", "--max", "1"))
    say(f"at most {peaks[0]} MB for 50,000 rows, {peaks[1]} MB for 1,000,000")
    # The check itself keeps some bytes of each id.
    assert peaks[1] < peaks[0] + 120, peaks


def main():
    server = Server()
    try:
        place = Place(CRM_DATABASE_URL=server.url())
        types(server, place)
        faults(server, place)
        secrets(server, place)
        memory(server, place)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
