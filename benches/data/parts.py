#!/usr/bin/env python3
"""Writes accounts as Parquet files, with DuckDB.

    parts.py RECORDS PARTS FOLDER
"""

import os
import sys

import duckdb

RECORD = """
    'acc-' || lpad(i::varchar, 8, '0') as objectId,
    'Company ' || (hash(i) % 1000000)::varchar || ' Ltd' as name,
    timestamptz '2026-01-01 00:00:00+00' + to_seconds((hash(i + 7) % 20000000)::bigint) as modifiedDate,
    ['c' || i::varchar || '.example'] as domains,
    ['Retail', 'Energy', 'Health', 'Software', 'Public'][1 + (hash(i + 3) % 5)::int] as industry,
    (hash(i + 5) % 100000)::int as employees
"""


def main(records, parts, folder):
    os.makedirs(folder, exist_ok=True)
    connection = duckdb.connect()
    size = -(-records // parts)
    for part in range(parts):
        first, end = part * size, min((part + 1) * size, records)
        path = os.path.join(folder, "part-%05d.parquet" % part)
        connection.execute(
            "copy (select %s from range(%d, %d) t(i)) to '%s' (format parquet)" % (RECORD, first, end, path)
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
