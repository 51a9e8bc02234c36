"""MariaDB from the system's packages, on loopback: types and faults."""

import os
import subprocess
import tempfile
from decimal import Decimal
from pathlib import Path
from shutil import which

from common import Place, free_port, is_listening, say, wait_until

SERVER = which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")
assert SERVER, "this needs MariaDB: apt-get install mariadb-server"


class Server:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gong-crm-mariadb-"))
        self.port = free_port()
        self.socket = self.folder / "socket"
        self.user = ["--user=root"] if os.getuid() == 0 else []
        done = subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={self.folder / 'data'}",
             "--auth-root-authentication-method=normal", "--skip-test-db", *self.user],
            capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        self.start()
        self.sql("create database crm; create user ada@'%' identified by 'hunter2'; grant all on crm.* to ada@'%'", database="mysql")

    def start(self):
        self.process = subprocess.Popen(
            [SERVER, "--no-defaults", f"--datadir={self.folder / 'data'}", f"--socket={self.socket}",
             f"--port={self.port}", "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0",
             "--default-time-zone=-05:00", f"--log-error={self.folder / 'log'}", *self.user])
        wait_until("MariaDB listens", lambda: is_listening(self.port))

    def stop(self):
        self.process.kill()
        self.process.wait()

    def sql(self, text, database="crm"):
        done = subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "-N", "-B", database],
            input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


SOURCE = 'sql = { url = "env:CRM_DATABASE_URL", query = "deals.sql" }'

TABLE = """
create table deals (
  id bigint unsigned, name varchar(100), amount decimal(20, 2), changed timestamp null, made datetime,
  closes date, is_key tinyint(1), score double, extra json, nothing text, code int(6) zerofill, flags bit(4)
) character set utf8mb4;
set time_zone = '+00:00';
insert into deals select seq, concat('Geschäft ', seq), seq + 0.10, '2026-01-15 09:30:00',
  '2026-01-15 09:30:00', '2026-06-30', 1, 0.5, '{"a": 1}', null, 42, b'101' from seq_1_to_5000;
update deals set amount = 123456789012345678.91 where id = 1;
update deals set closes = '0000-00-00' where id = 2;
"""

QUERY = """
select id as objectId, name, amount, changed as modifiedDate, closes as closeDate, is_key, score, code,
  flags, nothing, 'OPEN' as status from deals; -- all of them
"""


def main():
    server = Server()
    place = Place(CRM_DATABASE_URL=f"mysql://ada:hunter2@127.0.0.1:{server.port}/crm")
    try:
        say("types, by names of columns")
        server.sql("set sql_mode = '';" + TABLE)
        place.configure("DEAL", SOURCE)
        (place.folder / "deals.sql").write_text(QUERY)
        assert place.sync()["plan"]["types"][0]["new"] == 5000
        first = place.object("DEAL", "1")
        say(first)
        assert first["modifiedDate"] == "2026-01-15T09:30:00+00:00", first
        assert first["amount"] == Decimal("123456789012345678.91"), first
        assert first["is_key"] is True and first["score"] == 0.5, first
        assert first["name"] == "Geschäft 1" and first["closeDate"] == "2026-06-30", first
        assert first["code"] in (42, "000042") and first["flags"] in (5, "5"), first
        assert "closeDate" not in place.object("DEAL", "2")
        assert place.sync()["calls"] == 0
        server.sql("delete from deals where id between 10 and 19")
        assert place.sync()["plan"]["types"][0]["deleted"] == 10
        say("a query that is cut off")
        (place.folder / "deals.sql").write_text(
            "select id as objectId, changed as modifiedDate, if(id % 1000 = 0, sleep(2), 0) as slept from deals")
        for ends in ("kill", "stop"):
            process = place.start("sync", "--max-deletions", "unlimited", "-o", "json")
            found = "select id from information_schema.processlist where info like '%sleep(2)%' and user = 'ada'"
            wait_until("the query runs", lambda: server.sql(found) != "")
            if ends == "kill":
                server.sql(f"kill {server.sql(found).split()[0]}")
            else:
                server.stop()
            output, error = process.communicate()
            assert process.returncode == 6 and "query deals.sql, at row" in output, (output, error)
            say(output[output.find('"message"'):][:160])
        assert "cannot connect to env:CRM_DATABASE_URL" in place.problem()
        server.start()
        assert place.count("DEAL") == 4990
        for query, expected in [
            ("select * from missing", "crm.missing' doesn't exist"),
            ("delete from deals", "READ ONLY transaction"),
            ("select id as objectId, x'00ff' as b from deals", "at row 1: b holds bytes that are not text"),
        ]:
            (place.folder / "deals.sql").write_text(query)
            message = place.problem()
            assert expected in message, (query, message)
        place.environment["CRM_DATABASE_URL"] = f"mysql://ada:wrong-secret@127.0.0.1:{server.port}/crm"
        message = place.problem()
        assert "Access denied" in message and "wrong-secret" not in message, message
        assert server.sql("select count(*) from deals") == "4990"
    finally:
        server.stop()


main()
