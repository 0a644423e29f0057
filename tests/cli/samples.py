"""Projects without Django, for tests that are about the command line: they print, fail, ask, or do nothing."""

from __future__ import annotations

import sys

COUNTER = f"""\
projects:
  counter:
    title: The counter
    directory: .
    command: [{sys.executable}, -u, counter.py]
    stop_timeout: 1
    commands:
      three: [sh, -c, "echo one; echo two >&2; echo three; exit 3"]
      fine: [sh, -c, "echo fine"]
      killed: [sh, -c, "kill -9 $$"]
      long: [sh, -c, "echo begun; sleep 600"]
  quiet:
    directory: .
    command: [sleep, "600"]
    stop_timeout: 1
  bad:
    directory: .
    command: [sh, -c, "echo no luck; exit 7"]
    restart: never
    autostart: false
"""
"""`counter` prints 1 to 5, then what it is told on its standard input; `quiet` prints nothing; `bad` always fails."""

COUNTER_PY = """\
import sys
for number in range(1, 6):
    print(f"number {number}")
for line in sys.stdin:
    if line.startswith("flood"):
        for number in range(int(line.split()[1])):
            print(f"flood {number}")
    elif line.startswith("bytes"):
        sys.stdout.buffer.write(eval(line[5:]))
        sys.stdout.buffer.flush()
    else:
        print("read", line.strip())
"""
