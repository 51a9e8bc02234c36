"""Parquet by pyarrow and DuckDB, in folders and in the S3 of the moto server."""

import datetime as dt
import os
import shutil
import subprocess
import sys
import json
from decimal import Decimal

import boto3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from common import Place, free_port, is_listening, say, wait_until

AT = dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.timezone.utc)

MAPPING = """
[DEAL.fields]
objectId = "id"
name = "name"
amount = "amount"
modifiedDate = "at"
closeDate = "closes"
ownerId = "owner.email"
status = { from = "status" }
tags = { from = "tags", type = "STRINGARRAY" }
local = { from = "local", type = "STRING" }
"""


def table(ids, id_type=pa.int64()):
    """Deals of many types, with nulls."""
    rows = len(ids)
    return pa.table({
        "id": pa.array(ids, id_type),
        "name": pa.array([f"Deal {number}" for number in ids]).dictionary_encode(),
        "amount": pa.array([Decimal("123456789012345678.91")] * rows, pa.decimal128(38, 2)),
        "at": pa.array([AT] * rows, pa.timestamp("us", "UTC")),
        "local": pa.array([AT.replace(tzinfo=None)] * rows, pa.timestamp("ms")),
        "closes": pa.array([dt.date(2026, 6, 30)] * rows, pa.date32()),
        "owner": pa.array([{"email": "ada@acme.example"}] * rows),
        "status": pa.array(["OPEN"] * rows),
        "tags": pa.array([["a", "b"]] * rows),
        "nothing": pa.nulls(rows),
    })


def folder(place):
    return place.folder / "deals"


def write(place, name, ids, **options):
    path = folder(place) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    id_type = options.pop("id_type", pa.int64())
    pq.write_table(table(ids, id_type), path, **options)
    return path


def types(place):
    say("types, codecs, nested and null columns, by pyarrow")
    place.configure("DEAL", 'parquet = { url = "deals", take = "parts" }', MAPPING)
    for number, codec in enumerate(["snappy", "zstd", "gzip", "lz4", "none"]):
        write(place, f"part-{number}.parquet", range(number * 100, number * 100 + 100), compression=codec)
    write(place, "part-9.parquet", [9007199254740993])
    (folder(place) / "_SUCCESS").touch()
    assert place.sync()["plan"]["types"][0]["new"] == 501
    first = place.object("DEAL", "9007199254740993")
    say(first)
    assert first["modifiedDate"] == "2026-01-15T09:30:00Z", first
    assert first["local"] == "2026-01-15T09:30:00", first
    assert first["amount"] == Decimal("123456789012345678.91"), first
    assert first["ownerId"] == "ada@acme.example" and first["tags"] == ["a", "b"], first
    assert place.sync()["calls"] == 0
    write(place, "part-9.parquet", [7000])
    # A marker counts only if it was written after all parts.
    (folder(place) / "_SUCCESS").touch()
    assert place.sync()["plan"]["types"][0]["deleted"] == 1


def faults(place):
    say("a part that is missing, half-written, empty, of other types; an unfinished export")
    count = place.count("DEAL")
    part = folder(place) / "part-4.parquet"
    whole = part.read_bytes()
    for length in (0, 4, len(whole) // 2, len(whole) - 1):
        part.write_bytes(whole[:length])
        message = place.problem()
        assert message.startswith("source cannot be read: part-4.parquet: it "), message
    part.write_bytes(whole)
    write(place, "part-4.parquet", ["400"], id_type=pa.string())
    assert 'part-4.parquet: column "id" has text' in place.problem()
    part.write_bytes(whole)
    (folder(place) / "_SUCCESS").unlink()
    message = place.problem()
    assert "the file that marks complete parts" in message and "is missing" in message, message
    part.unlink()
    place.problem()
    part.write_bytes(whole)
    (folder(place) / "_SUCCESS").touch()
    unfinished = folder(place) / "_temporary" / "0" / "part-5.parquet"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_bytes(whole)
    assert "still being written" in place.problem()
    shutil.rmtree(folder(place) / "_temporary")
    shutil.move(folder(place), place.folder / "away")
    assert "nothing was found at deals" in place.problem()
    shutil.move(place.folder / "away", folder(place))
    place.sync()
    assert place.count("DEAL") == count


def by_duckdb(place):
    say("partitions by DuckDB, with ids that are floats")
    out = place.folder / "leads"
    duckdb.sql(f"""
        copy (select n::double as "objectId", 'Lead ' || n as name, 'lead' || n || '@acme.example' as "emailAddress",
              timestamptz '2026-01-15 09:30:00Z' as "modifiedDate", n % 3 as shard
              from range(1000) as of(n))
        to '{out}' (format parquet, partition_by (shard))
    """)
    place.configure("LEAD", 'parquet = { url = "leads", take = "parts" }')
    place.sync()
    assert place.count("LEAD") == 1000
    lead = place.object("LEAD", "7")
    say(lead)
    assert lead["shard"] == "1", lead


def s3(place):
    say("S3 of the moto server: parts, latest, a manifest, a missing part")
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until("moto listens", lambda: is_listening(port))
        endpoint = f"http://127.0.0.1:{port}"
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_REGION": "us-east-1"}
        place.environment.update(keys, AWS_ENDPOINT=endpoint, AWS_ALLOW_HTTP="true")
        bucket = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                              aws_access_key_id="test", aws_secret_access_key="test-secret")
        bucket.create_bucket(Bucket="crm")

        def put(key, ids):
            bucket.put_object(Bucket="crm", Key=key, Body=write(place, "upload.parquet", ids).read_bytes())

        for number in range(5):
            put(f"deals/day=1/part-{number}.parquet", range(number * 100, number * 100 + 100))
        bucket.put_object(Bucket="crm", Key="deals/day=1/_SUCCESS", Body=b"")
        place.sim("POST", "/reset", {})
        place.sim("POST", "/integrations", {"name": "Acme CRM", "ownerEmail": "admin@acme.example"})
        (place.folder / "ledger.sqlite").unlink()
        place.configure("DEAL", 'parquet = { url = "s3://crm/deals/", take = "latest" }', MAPPING)
        assert place.sync()["plan"]["types"][0]["new"] == 500
        assert place.sync()["calls"] == 0
        put("deals/day=2/part-0.parquet", range(400))
        assert "has no file _SUCCESS" in place.problem()
        bucket.put_object(Bucket="crm", Key="deals/day=2/_SUCCESS", Body=b"")
        assert place.sync()["plan"]["types"][0]["deleted"] == 100
        assert place.count("DEAL") == 400
        manifest = {"entries": [{"url": f"s3://crm/unload/{n}.parquet", "meta": {}} for n in range(3)]}
        for number in range(2):
            put(f"unload/{number}.parquet", range(number * 200, number * 200 + 200))
        bucket.put_object(Bucket="crm", Key="unload/manifest", Body=json.dumps(manifest).encode())
        place.configure("DEAL", 'parquet = { url = "s3://crm/unload/", take = "parts" }', MAPPING)
        message = place.problem()
        assert "2.parquet is missing" in message, message
        assert place.count("DEAL") == 400
        say("a bucket of many parts")
        body = write(place, "upload.parquet", [1]).read_bytes()
        for number in range(2500):
            bucket.put_object(Bucket="crm", Key=f"many/{number}.parquet", Body=body)
        place.configure("DEAL", 'parquet = { url = "s3://crm/many/", take = "one" }'.replace(', take = "one"', ""), MAPPING)
        assert "2500 Parquet files" in place.problem()
        place.environment["AWS_SECRET_ACCESS_KEY"] = "test-secret"
        place.configure("DEAL", 'parquet = { url = "s3://missing/deals/", take = "parts" }', MAPPING)
        message = place.problem()
        assert "s3://missing/deals/" in message and "test-secret" not in message, message
    finally:
        server.kill()
        server.wait()


def memory(place):
    say("a million rows in flat memory")
    peaks = []
    for rows in (50_000, 1_000_000):
        out = place.folder / f"many-{rows}.parquet"
        writer = None
        for first in range(0, rows, 50_000):
            part = pa.table({
                "objectId": pa.array(range(first, first + 50_000)),
                "name": pa.array([f"Account {n}" for n in range(first, first + 50_000)]),
                "modifiedDate": pa.array([AT] * 50_000, pa.timestamp("us", "UTC")),
            })
            writer = writer or pq.ParquetWriter(out, part.schema)
            writer.write_table(part)
        writer.close()
        place.configure("ACCOUNT", f'parquet = "{out.name}"')
        peaks.append(place.peak_memory("check", "--max", "1"))
    say(f"at most {peaks[0]} MB for 50,000 rows, {peaks[1]} MB for 1,000,000")
    assert peaks[1] < peaks[0] + 120, peaks


def main():
    place = Place()
    types(place)
    faults(place)
    by_duckdb(place)
    s3(place)
    memory(Place())


main()
