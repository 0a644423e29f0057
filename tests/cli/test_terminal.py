"""What reaches a terminal: of other programs' text nothing but letters, newlines, tabs and colours."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fujita.cli.printer import Printer
from fujita.cli.terminal import SGR, harmless


class Screen(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m\n", "\x1b[1;31mred\x1b[0m\n"),
        ("\x1b[38:2::1:2:3mtrue colour", "\x1b[38:2::1:2:3mtrue colour"),
        ("\x1b]0;title\x07", "^[]0;title^G"),
        ("\x1b[2J\x1b[H", "^[[2J^[[H"),
        ("\x1b]8;;javascript:alert(1)\x1b\\", "^[]8;;javascript:alert(1)^[\\"),
        ("safe\rEVIL", "safe^MEVIL"),
        ("windows\r\n", "windows\n"),
        ("\x9b31m and \x85", "<U+009B>31m and <U+0085>"),
        ("user‮nimda⁦", "user<U+202E>nimda<U+2066>"),
        ("a\tb\n", "a\tb\n"),
        ("\x7f\x00", "^?^@"),
        ("Grüße, 世界 🎂", "Grüße, 世界 🎂"),
    ],
)
def test_only_colours_reach_a_terminal(text: str, shown: str) -> None:
    assert harmless(text, colours=True) == shown


def test_without_colours_even_they_are_left_out() -> None:
    assert harmless("\x1b[31mred\x1b[0m") == "red"


@given(st.text(st.sampled_from("a\x1b[]m0;:\r\n\t\x07\x9b‮é")))
def test_no_control_character_survives(text: str) -> None:
    left = SGR.sub("", harmless(text, colours=True))
    assert not [char for char in left if unicodedata.category(char) in ("Cc", "Cf") and char not in "\n\t"]


@given(st.text(st.sampled_from("ab\x1b[31m;\n")), st.integers(0, 40))
def test_a_sequence_cut_in_two_is_shown_like_a_whole_one(text: str, place: int) -> None:
    """Records end wherever the kernel's pipe ended."""
    assert lines_of(text[:place], text[place:]) == lines_of(text)


def lines_of(*pieces: str) -> str:
    """What a terminal without colours shows of records."""
    screen = Screen()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_COLOR", "1")
        patch.delenv("FORCE_COLOR", raising=False)
        printer = Printer(["blog"], screen)
    for piece in pieces:
        printer.write("blog", {"text": piece, "stream": "stdout", "time": 0.0})
    return re.sub(r"\n?\Z", "", screen.getvalue())
