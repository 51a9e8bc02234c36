#!/usr/bin/env python3
"""Compares two exports with DuckDB on one thread, row by row.

    except.py PATH OTHER_PATH

Exits with 77 if the package duckdb is not installed.
"""

import sys

try:
    import duckdb
except ImportError:
    sys.exit(77)

path, other = sys.argv[1:]
connection = duckdb.connect(config={"threads": 1})
rows = connection.execute(
    "SELECT count(*) FROM (SELECT * FROM read_json_auto(?) EXCEPT SELECT * FROM read_json_auto(?))",
    [path, other],
).fetchone()
print(rows[0])
