"""What failed last: each kind of question by itself."""

from __future__ import annotations

import pytest

from tui.sources.base import Denied, SourceError, Throttled
from tui.watch.errors import Errors


def fail(errors: Errors, question: str, error: SourceError) -> None:
    with errors.of(question):
        raise error


def test_an_error_stands_until_its_question_is_answered() -> None:
    errors = Errors()
    fail(errors, "metrics", Denied("no metrics"))
    with errors.of("list"):
        pass
    assert [error.what for error in errors.now] == ["no metrics"]
    with errors.of("metrics"):
        pass
    assert errors.now == ()


def test_the_newest_error_of_a_question_is_the_one_that_counts() -> None:
    errors = Errors()
    fail(errors, "list", Throttled("slow down"))
    fail(errors, "list", Denied("no"))
    assert [error.what for error in errors.now] == ["no"]


def test_they_stand_in_the_order_in_which_the_questions_were_asked_and_a_sentence_is_said_once() -> None:
    errors = Errors()
    for question, what in (("list", "expired"), ("details", "expired"), ("metrics", "denied")):
        fail(errors, question, SourceError(what))
    assert [error.what for error in errors.now] == ["expired", "denied"]


def test_the_question_that_is_asked_first_is_the_gravest_whenever_it_failed() -> None:
    errors = Errors()
    with errors.of("list"):
        pass
    fail(errors, "metrics", Denied("no metrics"))
    fail(errors, "list", Throttled("no list"))
    assert [error.what for error in errors.now] == ["no list", "no metrics"]


def test_only_errors_of_a_source_are_kept() -> None:
    errors = Errors()
    with pytest.raises(ZeroDivisionError), errors.of("list"):
        _ = 1 / 0
    assert errors.now == ()
