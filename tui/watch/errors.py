"""What failed last, each kind of question by itself: a permission that is missing for one leaves the others working."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tui.sources.base import SourceError


class Errors:
    """The last error of each kind of question, forgotten when the question is answered again."""

    def __init__(self) -> None:
        self._errors: dict[str, SourceError | None] = {}

    @contextmanager
    def of(self, question: str) -> Iterator[None]:
        """Within it a SourceError is kept rather than raised."""
        # A watch asks for the list first and for what hangs on it later: the first to be asked is the gravest.
        self._errors.setdefault(question)
        try:
            yield
        except SourceError as error:
            self._errors[question] = error
        else:
            self._errors[question] = None

    @property
    def now(self) -> tuple[SourceError, ...]:
        """The errors that stand, in the order in which the questions were first asked; the same sentence only once."""
        return tuple({error.what: error for error in self._errors.values() if error}.values())
