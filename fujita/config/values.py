"""The values of a config: what a person may write for a size, an address, a switch …, and what it means.

Each function takes what was written and returns what it means; ValueError says what to write instead.
It leaves to `models` which key has which of them.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
import unicodedata
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from fujita import words

UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
SIZE_LIMIT = 1024**3
TIMEOUT_LIMIT = 3600
NAME_LIMIT = 64
TITLE_LIMIT = 200
TEXT_LIMIT = 4096
URL_LIMIT = 2000
PORTS = range(1, 65536)

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
NUMBER = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?")
SIZE = re.compile(rf"(?P<number>{NUMBER.pattern}) ?(?P<unit>[A-Za-z]*)")
ADDRESS = re.compile(r"((?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*):)?(?P<port>[0-9]+)")
"""As Django's own `naiveip_re` (core/management/commands/runserver.py)."""
MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
TOKEN = re.compile(r"[!-~]{1,200}")
UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that would break a line: control characters, halves of a pair, line and paragraph separators."""


class Plain(str):
    """Text that stood in the file without quotes: only such text can mean a number or a switch."""

    __slots__ = ()


def text(value: object, limit: int = TEXT_LIMIT) -> str:
    """Text as it was written, a number or `no` as well."""
    if not isinstance(value, str):
        raise ValueError(words.not_text(value))
    if len(value) > limit:
        raise ValueError(words.too_long(len(value), limit))
    return str(value)


def some_text(value: object, limit: int = TEXT_LIMIT) -> str:
    found = text(value, limit)
    if not found.strip():
        raise ValueError(words.EMPTY_TEXT)
    return found


def name(value: object) -> str:
    """A project's name; it stands in addresses and environments."""
    found = text(value, NAME_LIMIT)
    if not NAME.fullmatch(found):
        raise ValueError(words.bad_name(found))
    return found


def title(value: object, limit: int = TITLE_LIMIT) -> str:
    """One line that people read."""
    found = some_text(value, limit)
    if strange := [char for char in found if unicodedata.category(char) in UNPRINTABLE]:
        raise ValueError(words.not_one_line(strange))
    return found


def switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Plain) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(words.not_a_switch(value))


def seconds(value: object) -> float:
    found = float(value) if isinstance(value, Plain) and NUMBER.fullmatch(value) else value
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 <= found <= TIMEOUT_LIMIT:
        raise ValueError(words.not_seconds(value))
    return float(found)


def size(value: object) -> int:
    """Bytes, of `8 MiB` or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        bytes_ = Decimal(value)
    else:
        match = SIZE.fullmatch(value) if isinstance(value, str) else None
        unit = match["unit"] or "B" if match else ""
        if match is None or unit not in UNITS or (not match["unit"] and not isinstance(value, Plain)):
            raise ValueError(words.not_a_size(value))
        bytes_ = Decimal(match["number"]) * UNITS[unit]
    if not 0 <= bytes_ <= SIZE_LIMIT or bytes_ != int(bytes_):
        raise ValueError(words.not_a_size(value))
    return int(bytes_)


def address(value: object) -> str:
    """runserver's addrport, as written; `split` takes it apart."""
    found = address_text(value)
    if split(found)[1] not in PORTS:
        raise ValueError(words.bad_port(found))
    return found


def listen(value: object) -> str:
    """The console's own address; with port 0 the kernel chooses one."""
    found = address_text(value)
    if split(found)[1] not in range(65536):
        raise ValueError(words.bad_port(found))
    return found


def address_text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    found = text(value)
    match = ADDRESS.fullmatch(found)
    if match is None or not is_host(match["host"]) or (match["port"][0] == "0" and match["port"] != "0"):
        raise ValueError(words.not_an_address(found))
    return found


def split(found: str) -> tuple[str, int]:
    """Host and port of an address that is one; Django's `0` is 0.0.0.0, and without a host it is 127.0.0.1."""
    host, _, port = found.rpartition(":")
    # A port of thousands of digits is no number that python converts (CVE-2020-10735).
    return {"": "127.0.0.1", "0": "0.0.0.0"}.get(host, host.strip("[]")), int(port[:6])


def is_host(host: str | None) -> bool:
    """A name, or an IP address with four sensible parts. `22:22` was meant otherwise."""
    if host is None or host == "0":
        return True
    if host.startswith("["):
        return is_ip(host[1:-1])
    return is_ip(host) if host.replace(".", "").isdigit() else True


def is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def host(value: object) -> str:
    """A host name for `allowed_hosts`: no scheme, no port, no wildcard."""
    found = text(value).lower()
    if not HOST.fullmatch(found) or len(found) > 253:
        raise ValueError(words.not_a_host(found))
    return found


def token(value: object) -> str:
    """It travels in a header: printable ASCII. No message repeats it."""
    if not TOKEN.fullmatch(text(value)):
        raise ValueError(words.BAD_TOKEN)
    return text(value)


def url(value: object) -> str:
    """A link for browsers: http or https, nothing that runs (`javascript:`)."""
    found = text(value, URL_LIMIT)
    try:
        parts = urlsplit(found)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not found.isprintable() or " " in found:
        raise ValueError(words.not_a_url(found))
    return found


def module(value: object) -> str:
    found = text(value)
    if not MODULE.fullmatch(found):
        raise ValueError(words.not_a_module(found))
    return found


def restart(value: object) -> str:
    found = text(value)
    if found not in ("on-change", "always", "never"):
        raise ValueError(words.not_a_restart(found))
    return found


def variable(value: object) -> str:
    """The name of an environment variable."""
    found = text(value)
    if not found or "=" in found:
        raise ValueError(words.not_a_variable(found))
    return found


def setting(value: object) -> str:
    """The value of an environment variable: exactly what was written; nothing is nothing, not the text ''."""
    if value is None:
        raise ValueError(words.NO_VALUE)
    return text(value)


def command_name(value: object) -> str:
    """What a button says."""
    return title(value, NAME_LIMIT)


def arguments(value: object) -> str:
    """Arguments in one text, as one would type them."""
    found = some_text(value)
    try:
        shlex.split(found)
    except ValueError as error:
        raise ValueError(words.not_arguments(str(error))) from None
    return found


def program_and_arguments(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or not value[0].strip():
        raise ValueError(words.EMPTY_LIST)
    return value


def path(value: object, folder: Path) -> Path:
    """Relative to `folder`; `~` is the home of whom Fujita runs as. Nothing is looked up."""
    found = value if isinstance(value, Path) else home(some_text(value))
    return Path(os.path.normpath(folder.absolute() / found))


def home(found: str) -> Path:
    """`~/blog` → /home/me/blog; what names nobody's home stays as it is."""
    try:
        return Path(found).expanduser()
    except RuntimeError:
        return Path(found)


def program(value: object, folder: Path) -> str:
    """A bare name is left to PATH; with a slash it is a file."""
    found = some_text(value)
    return str(path(found, folder)) if "/" in found else found
