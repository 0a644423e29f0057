"""A file → its text: only a regular file, of at most 1 MiB, in UTF-8. Never waits, whatever stands at that path."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from yaml.reader import Reader

from fujita import words
from fujita.config.mistakes import Mistakes, Place

SIZE_LIMIT = 1024 * 1024
OTHER_ENCODINGS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""By the mark at the beginning; UTF-32's little-endian one begins with UTF-16's."""
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
START: Place = (1, 1)


def read(path: Path, mistakes: Mistakes) -> str:
    """The file's text without its byte order mark; ConfigError says why there is none."""
    try:
        data = _bytes(path, mistakes)
    except OSError as error:
        raise mistakes.stop(START, words.cannot_read(error.strerror or str(error))) from None
    except ValueError:  # a NUL in the path
        raise mistakes.stop(START, words.cannot_read("no file can have this name")) from None
    for mark, encoding in OTHER_ENCODINGS.items():
        if data.startswith(mark):
            raise mistakes.stop(START, words.other_encoding(encoding))
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        place = _place(data[: error.start].decode(), error.start)
        raise mistakes.stop(place, words.not_utf_8(data[error.start])) from None
    if strange := Reader.NON_PRINTABLE.search(text):
        raise mistakes.stop(_place(text, strange.start()), words.no_text_has([strange.group()]))
    return text


def _bytes(path: Path, mistakes: Mistakes) -> bytes:
    # O_NONBLOCK: the open of a FIFO that nobody writes to would wait for ever (open(2)).
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise mistakes.stop(START, words.not_a_regular_file(KINDS.get(stat.S_IFMT(status.st_mode), "no file")))
        data = b""
        while status.st_size <= SIZE_LIMIT and (chunk := os.read(fd, SIZE_LIMIT + 1 - len(data))):
            data += chunk
    finally:
        os.close(fd)
    size = max(status.st_size, len(data))
    if size > SIZE_LIMIT:
        raise mistakes.stop(START, words.too_big(size, SIZE_LIMIT))
    return data


def _place(text: str, offset: int) -> Place:
    """Line and column, from 1, of the character at `offset`."""
    before = text[:offset]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
