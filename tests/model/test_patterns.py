"""Patterns that people or AWS give: right on every line, smart in case, and never able to hang anything."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.patterns import BadPattern, Pattern, TooSlow
from tui.model.regex_shape import Cost, shape_of, takes_newlines, within_line

PATTERNS = [
    "loss",
    "Loss",
    r"loss=\d",
    r"^a",
    r"b$",
    r"a\s+b",
    r"[^x]b",
    r"a*",
    r"a|b",
    r"(a|b)+$",
    r"x?$",
    r"\bé",
    "é",
]
PATTERNS += [
    "É",
    "[A-Z]",
    r"a(?!\s)",
    r"(?<!a)b",
    r"\Aa",
    r"b\Z",
    r"[^x]*+b",
    r"\x41",
    r"\x61b",
    r"\S+\n?b",
    "ß",
    ".",
    r"(a)\1",
    r"(?i)B",
    r"a(?!b)",
    r"(?<=a)b",
    r"a?+b",
    r"(?>a|ab)x",
    "",
    r"b(?=$)",
    r"\D{2}",
    r"\W",
    r"a+b+$",
    r"[a-b]+=\d{1,2}?",
    r"(a|b)?x?1",
    r"[^]]b",
    r"[[\sa]b",
    r"[]a]b",
    r"[^a[b]",
    r"[!-_]x",
    r"\D\Wb?",
    r"[\s\d]b",
    r"[\t-~]b",
    r"a{2,}|x",
]
LINES = st.lists(
    st.text(st.sampled_from("abxABéÉ ßİ=1\r") | st.characters(exclude_characters="\n"), max_size=6), max_size=8
)


def rows(pattern: Pattern, lines: list[str]) -> list[int]:
    return pattern.matching_rows("".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass"))


@given(st.sampled_from(PATTERNS), LINES.filter(lambda lines: all("\x1b" not in line for line in lines)))
def test_many_rows_at_once_give_what_each_gives_alone(text: str, lines: list[str]) -> None:
    pattern = Pattern.compile(text)
    lines = [line.encode("utf-8", "replace").decode() for line in lines]
    assert rows(pattern, lines) == [row for row, line in enumerate(lines) if pattern.search(line)]


@given(st.text(st.sampled_from("abAB.*[]()\\|+?é "), min_size=1, max_size=4), LINES)
def test_a_literal_is_found_where_it_stands(text: str, lines: list[str]) -> None:
    lines = [line.encode("utf-8", "replace").decode() for line in [*lines, f"x{text}y"]]
    pattern = Pattern.compile(text, literal=True, smart_case=False)
    expected = [row for row, line in enumerate(lines) if text in line]
    assert [row for row in rows(pattern, lines) if "\x1b" not in lines[row]] == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("error", ["ERROR", "Error", "error"]),
        ("Error", ["Error"]),
        (r"er+or\S", []),
        (r"\S+rror", ["ERROR", "Error", "error"]),
        (r"(?P<Kind>err)or", ["ERROR", "Error", "error"]),
        (r"\p{Lu}rror", ["ERROR", "Error", "error"]),
        (r"[A-Z]rror", ["Error"]),
    ],
)
def test_case_is_ignored_unless_the_pattern_has_a_capital(text: str, found: list[str]) -> None:
    lines = ["ERROR", "Error", "error", "none"]
    pattern = Pattern.compile(text)
    assert [line for line in lines if pattern.search(line)] == found
    assert [lines[row] for row in rows(pattern, lines)] == found


def test_case_counts_where_aws_gives_the_pattern() -> None:
    assert Pattern.compile("loss=(.*)", smart_case=False).search("LOSS=1") is None


def test_a_literal_means_its_characters() -> None:
    pattern = Pattern.compile("loss[0]=1.5", literal=True)
    assert pattern.search("a loss[0]=1.5")
    assert not pattern.search("a loss0=1x5")


def test_groups_are_there_for_metric_definitions() -> None:
    match = Pattern.compile(r"loss=([0-9.]+)").search("step 3 loss=1.25")
    assert match is not None
    assert match.group(1) == "1.25"


def test_a_colour_inside_a_word_hides_it_from_no_search() -> None:
    assert rows(Pattern.compile("loss"), ["x", "lo\x1b[1mss\x1b[0m=1", "y"]) == [1]
    assert rows(Pattern.compile("loss=1$"), ["x", "lo\x1b[1mss\x1b[0m=1", "y"]) == [1]


def test_every_place_in_a_line() -> None:
    assert Pattern.compile("a+").spans("aa b a") == [(0, 2), (5, 6)]
    assert Pattern.compile("a*").spans("baa") == [(1, 3)]
    assert Pattern.compile("x").spans("baa") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(", "missing )"),
        ("*a", "nothing to repeat"),
        ("[a", "unterminated character set"),
        ("a{2,1}", "min repeat greater than max repeat"),
        ("\\p{foo}", "unknown property"),
        ("(" * 900 + ")" * 900, "nested"),
        ("x" * 5000, "characters"),
        ("((a{1000}){1000}){1000}", "repetitions"),
        ("(((a?){100}){100}){100}x", "repetitions"),
        ("a{9999999999999}", "repetitions"),
    ],
)
def test_what_is_no_pattern_is_said_in_one_line(text: str, why: str) -> None:
    with pytest.raises(BadPattern, match=re.escape(why)) as caught:
        Pattern.compile(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", [r"(a+)+$", r"(a|aa)+$", r"a.*a.*a.*a.*b", r"(?:a(?R)?)+b", r"(?=(a+)+$)a"])
def test_a_pattern_that_is_too_slow_is_switched_off(text: str) -> None:
    pattern = Pattern.compile(text)
    hard = "a" * 20_000 + "!"
    with pytest.raises(TooSlow, match="200 ms"):
        pattern.search(hard)
    assert pattern.slow
    with pytest.raises(TooSlow):
        pattern.search("a")
    with pytest.raises(TooSlow):
        pattern.matching_rows(b"a\n")


def test_among_many_rows_the_slow_one_switches_it_off() -> None:
    pattern = Pattern.compile(r"(a+)+$")
    with pytest.raises(TooSlow):
        rows(pattern, ["fine"] * 1000 + ["a" * 5000 + "!"] + ["fine"] * 1000)


def test_a_slow_search_can_be_given_up_between_rows() -> None:
    pattern = Pattern.compile(r"\Ax\w+")
    asked = iter([False, False, True])
    assert pattern.matching_rows(b"x1\n" * 100, lambda: next(asked)) == [0, 1]


ATOMS = st.sampled_from(["a", "b", "x", r"\d", r"\s", r"\D", r"\w", ".", "[ab]", "[^a]", "[a-x]", "=", r"\b", "^", "$"])
TIMES = st.sampled_from(["", "", "", "?", "*", "+", "+?", "{2}", "{1,3}"])
PIECES = st.builds(lambda atom, times: atom if atom in {"^", "$", r"\b"} else atom + times, ATOMS, TIMES)
SOURCES = st.recursive(
    st.lists(PIECES, min_size=1, max_size=4).map("".join),
    lambda inner: st.builds("({}|{}){}".format, inner, inner, st.sampled_from(["", "?", "+"])),
    max_leaves=3,
)


@given(SOURCES, LINES.filter(lambda lines: all("\x1b" not in line for line in lines)))
def test_whatever_engine_looks_finds_the_same(source: str, lines: list[str]) -> None:
    test_many_rows_at_once_give_what_each_gives_alone.hypothesis.inner_test(source, lines)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("source", "most"),
    [
        (r"\d{5} ", Cost(5, 0)),
        (r"loss=(\d+\.\d+)", Cost(1, 1)),
        (r"(foo|bar|baz)\d+", Cost(3, 0)),
        (r"\d+ of \d+$", Cost(1, 2)),
        (r"(a+)+", None),
        (r"(a|b)*c", None),
        (r"(a)\1", None),
        (r"a(?=b)", None),
        (r"a*+b", None),
        ("a?" * 20 + "b", Cost(2**20, 0)),
        (r"a+$|b", Cost(2, 1)),
        ("a)", None),
    ],
)
def test_what_a_pattern_may_cost_is_told_by_its_text(source: str, most: Cost | None) -> None:
    assert shape_of(source).cost == most


@pytest.mark.parametrize(
    ("source", "test"),
    [
        (r"\d+ of \d+", r"\d\ of\ \d"),
        (r"(?P<name>\w+)=(\d+\.\d+)", r"\w=\d+\.\d"),
        (r".*loss: ?([0-9.]{2,})( x)?", r"loss:\ ?[0-9.]{2}"),
        (r"^\s+a*$", r"^\s+a*$"),
        (r"(foo|ba+r)\d*", "(?:foo|ba+r)"),
        ("a|b+", "(?:a|b+)"),
        ("(a+)+", "(a+)+"),
    ],
)
def test_what_tells_the_lines_that_match_has_less_to_try(source: str, test: str) -> None:
    assert shape_of(source).test == test


@given(SOURCES, st.text("abx=1 .A", max_size=8))
def test_it_tells_the_same_lines(source: str, line: str) -> None:
    shape = shape_of(source)
    assert bool(re.search(shape.test, line)) == bool(re.search(source, line))
    if shape.literals and re.search(source, line):
        assert any(text in line for text in shape.literals)


@pytest.mark.parametrize("source", [r"a\s+b", r"[^,]+", r"\W", r"\D\w", "[a-z]+", r"[+-]?\d+", r"[^\s]"])
def test_the_usual_patterns_are_kept_within_a_line(source: str) -> None:
    assert not takes_newlines(within_line(source))


def test_a_quick_pattern_meets_a_long_line() -> None:
    """What costs little on usual lines would cost minutes on this one: the engine with the clock takes over."""
    pattern = Pattern.compile(r"(a+)(\w+)(a+)\d")
    with pytest.raises(TooSlow):
        rows(pattern, ["fine", "a" * 5000])
