"""`Failure`: why a command could not be done, as the one line that is printed, and its exit status."""

FAILED, MISUSED, UNAVAILABLE = 1, 2, 69
"""69 is EX_UNAVAILABLE of sysexits(3)."""


class Failure(Exception):
    """str() is a sentence for the person at the terminal."""

    def __init__(self, sentence: str, status: int = FAILED) -> None:
        super().__init__(sentence)
        self.status = status
