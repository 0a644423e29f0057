"""What the rules cost: `python -m tests.bench.rules` prints how many MB/s of plain output pass through the
reader of a server that runs, beside how many are decoded, cut and made into records."""

from __future__ import annotations

import time
from collections.abc import Callable

from fujita.django.reader import Reader
from fujita.stream.cache import Cache
from fujita.stream.record import TEXT_LIMIT, Record

FLOODS = {
    "a worker's log": "INFO 2026-11-24 15:16:57 worker: processed item {n} in 0.23 s, all is fine\n",
    "request lines": '[24/Nov/2026 15:16:57] "GET /static/polls/a.css?x={n} HTTP/1.1" 200 12068\n',
    "short lines": "y\n",
    "one endless line": "0123456789abcdef",
}
RECORDS = 400
"""Of 64 KiB each: 26 MB."""


def main() -> None:
    print(f"{'MB/s':26}   stream   reader   reader's share")
    for name, line in FLOODS.items():
        for stream in ("stdout", "stderr"):
            measure(name, stream, text_of(line))


def measure(name: str, stream: str, text: str) -> None:
    data = text.encode()
    cache = Cache(RECORDS * TEXT_LIMIT * 2)

    def make_records() -> None:
        for _ in range(RECORDS):
            cache.append(stream, data.decode())

    reader = Reader("/srv/site")
    reader.read([Record.make(1, 1.0, "stdout", "Starting development server at http://127.0.0.1:8000/\n")])
    making = seconds(make_records)
    records = cache.after(0, RECORDS * TEXT_LIMIT * 2).records[:RECORDS]
    reading = seconds(lambda: reader.read(records))
    size = sum(len(record.text) for record in records) / 1e6
    print(f"{name + ', ' + stream:26} {size / making:8.0f} {size / reading:8.0f} {reading / making:9.1%}")


def text_of(line: str) -> str:
    text = "".join(line.format(n=n) for n in range(TEXT_LIMIT // len(line) + 1))[:TEXT_LIMIT]
    return text[: text.rfind("\n") + 1] or text


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
