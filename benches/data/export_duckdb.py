#!/usr/bin/env python3
"""Converts the export of export.py with DuckDB, one thread and hand-written SQL.

    export_duckdb.py CSV TARGET

Prints the processor time in seconds and the peak memory in KiB. Exits with 77 if the package duckdb is
not installed.
"""

import resource
import sys

try:
    import duckdb
except ImportError:
    sys.exit(77)

csv, target = sys.argv[1], sys.argv[2]
database = duckdb.connect(config={"threads": 1})
# Zones need an extension; where it is not installed and cannot be fetched, the offset of Berlin's
# winter is written, which is less work.
try:
    database.execute("LOAD icu; SET TimeZone = 'Europe/Berlin'")
    zoned = "strftime(timezone('Europe/Berlin', strptime({0}, '%d.%m.%Y %H:%M')), '%Y-%m-%dT%H:%M:%S%z')"
    database.sql("SELECT " + zoned.format("'01.03.2026 09:30'")).fetchall()
except duckdb.Error:
    zoned = "strftime(strptime({0}, '%d.%m.%Y %H:%M'), '%Y-%m-%dT%H:%M:%S+01:00')"
database.execute(f"""
    COPY (
        SELECT
            "Nummer" AS "objectId",
            {zoned.format('"Geändert am"')} AS "modifiedDate",
            "Firma" AS "accountId",
            "Bearbeiter" AS "ownerId",
            "Name" AS name,
            {zoned.format('"Angelegt am"')} AS "createdDate",
            strptime("Abschluss", '%d.%m.%Y')::DATE AS "closeDate",
            CASE "Status" WHEN 'Offen' THEN 'OPEN' WHEN 'Gewonnen' THEN 'WON' WHEN 'Verloren' THEN 'LOST' END AS status,
            "Phase" AS stage,
            replace(replace(replace("Betrag", ' €', ''), '.', ''), ',', '.')::DECIMAL(18, 2) AS amount,
            "Region" AS region,
            replace(replace("Wahrscheinlichkeit", ' %', ''), ',', '.')::DOUBLE AS probability,
            "Strategisch" = 'ja' AS strategic,
            "Notiz" AS note
        FROM read_csv('{csv}', delim = ';', header = true, all_varchar = true, quote = '"')
    ) TO '{target}' (FORMAT json)
""")
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
