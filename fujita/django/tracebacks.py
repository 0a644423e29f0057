"""Python's tracebacks, line by line: chains, exception groups, SyntaxErrors, Django's lists of failed
checks. What they mean is left to the rules."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

HEADER = "Traceback (most recent call last):"
JOINERS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
CHECKS_HEADER = "SystemCheckError: System check identified some issues:"
CHECKS_END = re.compile(r"System check identified (\d+) issues? \(")

FRAME = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d{1,9})(?:, in (?P<name>.*))?$')
RAISED = re.compile(r"(?P<name>[^\W\d][\w.]*(?:<locals>[\w.]+)*)(?:: (?P<message>.*)|:?)$")
GROUP_HEADER = re.compile(r"(?P<indent> *)\+ Exception Group Traceback \(most recent call last\):$")
NOT_OURS = re.compile(r"/(?:site|dist)-packages/|/lib(?:64)?/python\d")
SGR = re.compile(r"\x1b\[[\d;:]*m")

FRAMES_KEPT = 200
"""The newest frames of a traceback that are kept: an endless recursion prints a thousand of them."""
LINES_LIMIT = 5000
"""A traceback that goes on for longer is none: python 2.7 prints 2,000 lines for its deepest recursion."""
THREAD_1_11 = ("/django/utils/autoreload.py", "wrapper")
OUTERMOST = (
    ("/threading.py", "_bootstrap_inner"),  # a start, 2.2+
    THREAD_1_11,  # a start, 1.11
    ("/django/core/handlers/exception.py", "inner"),  # a request
)
"""Where the traceback begins that is the last of its chain. Its causes are printed before it, and begin deeper: where
they were caught."""
MESSAGE_LIMIT = 40
"""Lines after an exception that may still be its message; a list of failed checks may be longer."""


def plain(text: str) -> str:
    """`text` without colours: python 3.13 and `--force-color` write them into pipes when told to."""
    return SGR.sub("", text) if "\x1b" in text else text


def begins_traceback(line: str) -> bool:
    return line == HEADER or GROUP_HEADER.match(line) is not None


def bar(header: str) -> str | None:
    """What stands before each line of an exception group."""
    group = GROUP_HEADER.match(header)
    return f"{group['indent']}| " if group else None


@dataclass(frozen=True, slots=True)
class Tree:
    """The project's folder: which files are the project's own, and what to call them."""

    directory: str

    def owns(self, file: str) -> bool:
        """A file below the folder, but not in a virtual environment inside it, nor in no folder at all."""
        if NOT_OURS.search(file) or file.startswith("<"):
            return False
        return file.startswith(self.directory.rstrip("/") + "/") or not file.startswith("/")

    def relative(self, file: str) -> str:
        return file.removeprefix(self.directory.rstrip("/") + "/").removeprefix("./")


@dataclass(slots=True)
class Frame:
    """`name` is None for the place of a SyntaxError, which is no call."""

    file: str
    line: int
    name: str | None
    source: str = ""


def called(frame: Frame, place: tuple[str, str]) -> bool:
    """Whether it is a call of this function in a file that ends so."""
    file, name = place
    return frame.name == name and frame.file.endswith(file)


@dataclass(slots=True)
class Raised:
    """One exception of a chain: its dotted name, its message line by line, and where it came from."""

    name: str = ""
    message: list[str] = field(default_factory=list)
    frames: deque[Frame] = field(default_factory=lambda: deque(maxlen=FRAMES_KEPT))
    own: deque[Frame] = field(default_factory=lambda: deque(maxlen=4))
    outermost: Frame | None = None

    @property
    def kind(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def headline(self) -> str:
        """The first line of the message that says something."""
        return next((line.strip() for line in self.message if line.strip()), "")


class Report:
    """What python prints for one uncaught or logged exception: a chain of tracebacks, the cause first.

    It starts after its first header line. `take` says whether a line belongs to it; once an exception's
    line came, `chain` holds something to report, and more exact things may follow.
    """

    def __init__(self, tree: Tree, header: str = HEADER) -> None:
        self.chain: list[Raised] = []
        self._tree = tree
        self._lines = 0
        self._rest = MESSAGE_LIMIT
        self._raised = Raised()
        self._joined = False
        self._bar = bar(header)
        if header == CHECKS_HEADER or FRAME.match(header):
            self.take(header)

    def take(self, line: str) -> bool:
        """Whether `line` belongs to this report; after a line that doesn't, the report may still go on."""
        self._lines += 1
        if self._bar is not None:
            if not line.startswith(self._bar):
                return self._beside_group(line)
            line = line[len(self._bar) :]
        return self._in_message(line) if self._raised.name else self._in_frames(line)

    @property
    def raised(self) -> bool:
        """Whether the line of the newest exception came already."""
        return bool(self._raised.name)

    @property
    def over(self) -> bool:
        return self._lines > LINES_LIMIT or self._rest <= 0

    @property
    def whole(self) -> bool:
        """Whether nothing of weight can follow: the last of the chain has come, and each failed check."""
        begins = self._raised.outermost
        if self.over or not begins or not self.raised or self._raised.headline.endswith(CHECKS_HEADER):
            return self.over
        return any(called(begins, place) for place in OUTERMOST)

    @property
    def torn(self) -> bool:
        """Whether Django's own thread is to blame: when a server of 1.11 ends, python 2.7 takes the modules away from
        under it, and it stumbles before it can call anything."""
        return bool(self._raised.frames) and called(self._raised.frames[-1], THREAD_1_11)

    def _beside_group(self, line: str) -> bool:
        """The exceptions inside a group (`  +-+---- 1 ----`, `    | ValueError: one`), or after it."""
        if line.lstrip(" ").startswith(("|", "+")):
            return True
        return self._in_message(line) if self._raised.name else False

    def _in_frames(self, line: str) -> bool:
        frame = FRAME.match(line)
        if frame:
            self._add(Frame(frame["file"], int(frame["line"]), frame["name"]))
            return True
        if line.startswith(" ") or not line:
            self._add_source(line)
            return True
        raised = RAISED.match(line)
        if raised and (raised["message"] is not None or raised["name"].rpartition(".")[2][:1].isupper()):
            self._raised.name = raised["name"]
            self._raised.message = [] if raised["message"] is None else [raised["message"]]
            self.chain.append(self._raised)
            return True
        return False

    def _in_message(self, line: str) -> bool:
        if self._joined and begins_traceback(line):
            self._bar = bar(line)
            self._raised, self._joined, self._rest = Raised(), False, MESSAGE_LIMIT
            return True
        if line in JOINERS:
            self._joined = True
            return True
        if line == HEADER or self._rest <= 0:
            return False
        if not self._raised.headline.endswith(CHECKS_HEADER):
            self._rest -= 1
        elif CHECKS_END.match(line):
            self._rest = 0
        if self._raised.message:  # what follows an exception without a message is not its message
            self._raised.message.append(line)
        return True

    def _add(self, frame: Frame) -> None:
        self._raised.outermost = self._raised.outermost or frame
        self._raised.frames.append(frame)
        if self._tree.owns(frame.file):
            self._raised.own.append(frame)

    def _add_source(self, line: str) -> None:
        frames = self._raised.frames
        if frames and not frames[-1].source:
            frames[-1].source = line.strip()
