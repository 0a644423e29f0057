"""What a terminal may be told: colours if it wants them, and of other programs' text nothing that takes it over."""

from __future__ import annotations

import os
import re
from typing import TextIO

SGR = re.compile(r"\x1b\[[0-9;:]*m")
"""Select Graphic Rendition (ECMA-48 §8.3.117): colours and the like, the one sequence that only paints."""
UNFINISHED = re.compile(r"\x1b(\[[0-9;:]{0,32})?\Z")
"""The beginning of a sequence whose rest comes with the next record."""
HARMFUL = re.compile(
    SGR.pattern + r"|\r\n|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""SGR, so that it is left alone; C0 and C1, which move the cursor or worse (CVE-2003-0063); and what turns the
direction of writing, so that text reads as something else (CVE-2021-42574)."""

RESET, DIM, BOLD = "\x1b[0m", "\x1b[2m", "\x1b[1m"
NAMES = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
"""Colours for projects' names, in turn: those that docker compose uses, without red."""


def wants_colours(stream: TextIO) -> bool:
    """As no-color.org and force-color.org ask; else a terminal does, and nothing else."""
    if os.environ.get("FORCE_COLOR"):
        return True
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def harmless(text: str, colours: bool = False) -> str:
    """`text` with every control character made visible, but newline, tab and (with `colours`) SGR."""
    return HARMFUL.sub(lambda match: shown(match[0], colours), text)


def shown(found: str, colours: bool) -> str:
    if found == "\r\n":
        return "\n"
    if len(found) > 1:
        return found if colours else ""
    code = ord(found)
    return f"^{chr(code ^ 0x40)}" if code < 0x80 else f"<U+{code:04X}>"


def painted(text: str, sgr: str, colours: bool) -> str:
    return f"\x1b[{sgr}m{text}{RESET}" if colours else text
