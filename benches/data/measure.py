#!/usr/bin/env python3
"""Runs a command and prints its processor time in seconds and its peak of memory in KiB.

    measure.py COMMAND ...
"""

import os
import sys

process = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(process, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
