"""The filter language: what each kind of term lets through, and what it makes of half-typed ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.filters import KEYS, Facts, Filter

RESNET = Facts(
    name="resnet50-imagenet-2026",
    statuses=("InProgress", "Training"),
    types=("ml.p4d.24xlarge",),
    age_s=3 * 3600.0,
    shown="1.243 Two words",
)
FAILED = Facts(name="XGB-churn-311", statuses=("Failed",), types=("ml.m5.4xlarge", "ml.g5.2xlarge"), age_s=90.0)
NEW = Facts(name="no-details-yet", statuses=("InProgress",))


def matches(text: str, facts: Facts) -> bool:
    return Filter.parse(text).matches(facts)


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("resnet", RESNET, True),
        ("RESNET", RESNET, False),
        ("xgb", FAILED, True),
        ("XGB", FAILED, True),
        ("Xgb", FAILED, False),
        ("1.243", RESNET, True),
        ('"two words"', RESNET, True),
        ('"words two"', RESNET, False),
        ("two words", RESNET, True),
        ("words two", RESNET, True),
        ("failed", FAILED, True),
        ("progress", RESNET, True),
        ("failed", RESNET, False),
        ("!failed", FAILED, False),
        ("name:failed", FAILED, False),
        ("!resnet", RESNET, False),
        ("!resnet", FAILED, True),
        ('!"two words"', RESNET, False),
        ("status:failed", FAILED, True),
        ("status:fail", FAILED, True),
        ("STATUS:FAILED", FAILED, True),
        ("status:ailed", FAILED, False),
        ("status:training", RESNET, True),
        ("status:inprogress", RESNET, True),
        ("!status:failed", FAILED, False),
        ("name:resnet", RESNET, True),
        ("name:words", RESNET, False),
        ('name:"resnet50"', RESNET, True),
        ("type:p4d", RESNET, True),
        ("type:ML.G5", FAILED, True),
        ("type:p4d", NEW, False),
        ("!type:p4d", NEW, True),
        ("age<2h", RESNET, False),
        ("age<4h", RESNET, True),
        ("age>2h", RESNET, True),
        ("age<=3h", RESNET, True),
        ("age>=180m", RESNET, True),
        ("age<3h", RESNET, False),
        ("age>1d", RESNET, False),
        ("age<1w", RESNET, True),
        ("age<1.5m", FAILED, False),
        ("age<=1.5m", FAILED, True),
        ("age>2h59m", RESNET, True),
        ("age>89s", FAILED, True),
        ("age<1h", NEW, False),
        ("age>1h", NEW, False),
        ("status:training age<2h", RESNET, False),
        ("status:training age<4h type:p4d !xgb res", RESNET, True),
    ],
)
def test_what_a_filter_lets_through(text: str, facts: Facts, expected: bool) -> None:
    assert matches(text, facts) is expected
    assert Filter.parse(text).problem == ""


@pytest.mark.parametrize("text", ["", "   ", "!", '"', '""', "!status:", "status:", "name:", 'type:"', "age<"])
def test_the_empty_filter_and_half_typed_terms_leave_every_row_in(text: str) -> None:
    assert not Filter.parse(text).active
    assert all(matches(text, facts) for facts in (RESNET, FAILED, NEW))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("status:", "waits for a word"),
        ("age<", "age<2h"),
        ("age<2", "age<2h"),
        ("age:2h", "age<2h"),
        ("age<2x", "age<2h"),
        ("age<-2h", "age<2h"),
        ("status<failed", "status:failed"),
        ("user:ada", "user: is not a key (name, status, type, age)"),
        ("resnet user:ada", "user: is not a key"),
    ],
)
def test_a_term_that_does_not_count_is_explained_and_ignored(text: str, says: str) -> None:
    made = Filter.parse(text)
    assert says in made.problem
    assert "\n" not in made.problem
    assert made.matches(RESNET)


def test_in_quotes_a_colon_is_just_text() -> None:
    made = Filter.parse('"train:loss"')
    assert made.problem == ""
    assert made.matches(Facts("a", shown="train:loss 1.2"))
    assert not made.matches(RESNET)


def test_an_open_quote_reaches_to_the_end() -> None:
    assert matches('"two wor', RESNET)


WORDS = st.one_of(
    st.text(max_size=12),
    st.builds(
        lambda negated, key, sign, value: f"{negated}{key}{sign}{value}",
        st.sampled_from(["", "!"]),
        st.sampled_from([*KEYS, "user", ""]),
        st.sampled_from([":", "<", "<=", ">", ">=", ""]),
        st.one_of(st.sampled_from(["2h", "1d12h", "failed", "in", "ml.p4d", '"a b"', "a"]), st.text(max_size=6)),
    ),
)
FACTS = st.builds(
    Facts,
    name=st.text(max_size=8),
    statuses=st.lists(st.sampled_from(["InProgress", "Training", "Failed"]), max_size=2).map(tuple),
    types=st.lists(st.sampled_from(["ml.p4d.24xlarge", "ml.m5.large"]), max_size=2).map(tuple),
    age_s=st.none() | st.floats(0, 1e7),
    shown=st.text(max_size=8),
)


@given(text=st.text() | st.lists(WORDS, max_size=5).map(" ".join), facts=FACTS)
def test_nothing_typed_ever_raises(text: str, facts: Facts) -> None:
    made = Filter.parse(text)
    assert made.text == text
    assert isinstance(made.matches(facts), bool)


@given(left=WORDS, right=WORDS, facts=FACTS)
def test_terms_side_by_side_must_all_hold(left: str, right: str, facts: Facts) -> None:
    if left.count('"') % 2:  # an open quote would swallow its neighbour
        left += '"'
    both = Filter.parse(f"{left} {right}")
    assert both.matches(facts) is (matches(left, facts) and matches(right, facts))


@given(word=st.text(st.characters(categories=("L", "N")), min_size=1), facts=FACTS)
def test_an_exclamation_mark_turns_a_term_round(word: str, facts: Facts) -> None:
    assert matches(f"!{word}", facts) is not matches(word, facts)
