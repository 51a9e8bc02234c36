"""The ledger in Postgres: the suite of every ledger, a push, two pushes at once, a server that stops."""

import os
import subprocess

from common import Place, say
from postgres import Server


def main():
    server = Server()
    try:
        # A schema for each requirement of the suite.
        server.sql("; ".join(f"create schema s{number}" for number in range(40)))
        subprocess.run([os.environ["LEDGER_CONFORMANCE"]], check=True, env={**os.environ, "LEDGER_URL": server.url()})
        say("a sync with its ledger in Postgres")
        server.sql("create schema ledger")
        place = Place(GONG_LEDGER_URL=server.url() + "&options=-csearch_path%3Dledger")
        lines = "".join(
            f'{{"objectId":"a-{number}","modifiedDate":"2026-01-15T09:30:00Z","name":"x"}}\n' for number in range(5000)
        )
        (place.folder / "accounts.ldjson").write_text(lines)
        config = 'ledger = "env:GONG_LEDGER_URL"\n[sources.ACCOUNT]\nfiles = "accounts.ldjson"\ncomplete = true\n'
        (place.folder / "gong-crm.toml").write_text(config)
        assert place.sync()["plan"]["types"][0]["new"] == 5000
        assert place.sync()["calls"] == 0
        (place.folder / "accounts.ldjson").write_text("".join(lines.splitlines(keepends=True)[1000:]))
        assert place.sync()["plan"]["types"][0]["deleted"] == 1000
        say("another push has the lock")
        holder = subprocess.Popen(
            ["psql", "-X", "-q", server.url() + "&options=-csearch_path%3Dledger"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        holder.stdin.write("select pg_advisory_lock(hashtext('gong-crm ledger push'), hashtext(current_schema()));\n"
                           "\\echo held\n")
        holder.stdin.flush()
        while "held" not in (line := holder.stdout.readline()):
            assert line, "psql ended"
        waiting = place.start("sync", "--account-delay", "0")
        said = ""
        while "waiting for another push to end" not in said:
            line = waiting.stderr.readline()
            assert line, f"the sync ended: {said}"
            said += line
        holder.communicate("")
        waiting.communicate()
        assert waiting.returncode == 0
        say("a server that is not there, and a wrong password")
        place.environment["GONG_LEDGER_URL"] = server.url(password="wrong-secret")
        _, error = place.run("sync", code=1)
        assert "password authentication failed" in error and "wrong-secret" not in error, error
    finally:
        server.stop()


main()
