"""The page's files: read and compressed once each, asked for with every visit, sent again only when they changed."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fujita import words
from fujita.web.handler import Answer, Handler

PAGE = Path(__file__).parent / "page"
CONSOLE = "index.html"


@dataclass(frozen=True, slots=True)
class File:
    """What a file is served with; `etag` changes with its content (RFC 9110 §8.8.3)."""

    type: str
    etag: str
    plain: bytes
    gzipped: bytes


@lru_cache(maxsize=256)
def read(path: Path, changed: int) -> File:
    """The file as it was when it `changed` (st_mtime_ns): a developer of the page needs no restart."""
    content = path.read_bytes()
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    kind = "text/javascript" if path.suffix == ".js" else guessed
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return File(f"{kind}; charset=utf-8", etag, content, gzip.compress(content, 9))


class Asset(Handler):
    """One file of the page. Only names that are there are looked up, so no path leads elsewhere."""

    def get(self, name: str) -> None:
        path = PAGE / name
        if name not in names():
            raise Answer(404, words.no_such_page(self.request.path))
        file = read(path, path.stat().st_mtime_ns)
        self.set_header("Content-Type", file.type)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Encoding")
        self.set_header("Etag", file.etag)
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
        elif "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(file.gzipped)
        else:
            self.finish(file.plain)

    head = get


class Console(Asset):
    """The page, the same for every screen: it looks at its own address. `?plain` leads to the log as text instead."""

    def get(self, name: str | None = None) -> None:
        if self.get_query_argument("plain", None) is None:
            super().get(CONSOLE)
        else:
            self._plain(name)

    def _plain(self, name: str | None) -> None:
        names = [name] if name else list(self.supervisor.projects)
        logs = [f"/api/projects/{each}/log" for each in names]
        if len(logs) == 1:
            self.redirect(logs[0])
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish("".join(f"{log}\n" for log in logs))

    head = get


def names() -> frozenset[str]:
    """The files of the page, below its folder."""
    return frozenset(str(path.relative_to(PAGE)) for path in PAGE.rglob("*") if path.is_file())
