"""What a terminal may be shown: outside text with every order to the terminal taken out, and nothing else."""

import itertools
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.ansi import PLAIN, Look, styled
from tui.model.clean import clean, last_state, without_escapes

# Text in which escapes are as likely as letters: what a hostile log would hold.
PIECES = [*"\x1b\x9b\x9d\x90\x9c\x07\\[]PX^_;:mHB( \r\n\t\x08\x7f\x85\x18\x1a\u2028\u202e\u200b\ufeff\ud800é%"]
PIECES += ["52;c;", "31", "38;5;200", "48;2;1;2;3", "?25l", "日本", "e\u0301", "loss=1"]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join)


def is_harmless(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\u202e\u2066\u200f" for c in text)


@given(HOSTILE)
def test_whatever_comes_in_no_control_goes_out(text: str) -> None:
    assert is_harmless(clean(text))
    clean(text).encode("utf-8")


@given(HOSTILE)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(exclude_categories=("C", "M", "Zl", "Zp"))))
def test_text_without_controls_is_returned_as_it_is(text: str) -> None:
    assert clean(text) is text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param("a\x1b[31mred\x1b[0mb", "aredb", id="CSI colours"),
        pytest.param("a\x1b[2J\x1b[?25l\x1b[10;5Hb", "ab", id="CSI erase, hide, move"),
        pytest.param("a\x9b31mb", "ab", id="CSI as one C1 character"),
        pytest.param("a\x1b]52;c;aGk=\x07b", "ab", id="OSC 52 ended by BEL"),
        pytest.param("a\x1b]0;title\x1b\\b", "ab", id="OSC title ended by ST"),
        pytest.param("a\x9d0;title\x9cb", "ab", id="OSC and ST as C1 characters"),
        pytest.param("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", id="the text of an OSC 8 link stays"),
        pytest.param("a\x1bPq#0\x1b\\b\x1b_app\x1b\\c\x1b^pm\x07d\x1bXsos\x1b\\e", "abcde", id="DCS APC PM SOS"),
        pytest.param("a\x1bcb\x1b(Bc\x1b=d", "abcd", id="reset, character set, keypad"),
        pytest.param("a\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\b", "atmux;b", id="what tmux would pass on"),
        pytest.param("a\x07\x08\x00\x7f\x85b", "a b", id="BEL BS NUL DEL go, NEL ends a line"),
        pytest.param("a\tb\nc\r\nd", "a b c d", id="tab and newlines are blanks"),
        pytest.param("a\u202eb\u2066c\u200fd\u061ce", "abcde", id="direction marks"),
        pytest.param("a\u200bb\u200dc\ufeffd\ufe0fe\U000e0041f", "abcdef", id="characters without a width"),
        pytest.param("e\u0301", "e\u0301", id="an accent stays"),
        pytest.param("e" + "\u0301" * 1000, "e" + "\u0301" * 4, id="a pile of accents does not"),
        pytest.param("a\ud800b\udcffc", "a\ufffdb\ufffdc", id="lone surrogates are seen"),
        pytest.param("[/oops] [b]x[/b]", "[/oops] [b]x[/b]", id="markup is just text"),
        pytest.param("日本 🚀 שלום", "日本 🚀 שלום", id="other scripts and wide characters"),
    ],
)
def test_what_is_taken_out_and_what_stays(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]epoch 3 loss=1.2", "epoch 3 loss=1.2"),
        ("\x1bPepoch 3", "epoch 3"),
        ("\x9depoch 3", "epoch 3"),
        ("epoch 3\x1b", "epoch 3"),
        ("epoch 3\x1b[", "epoch 3"),
        ("epoch\x1b[31", "epoch31"),
        ("\x1b]0;title\nepoch 3\x07", "0;title epoch 3"),
        ("\x1b]a\x1b]b\x1b]c", "abc"),
    ],
)
def test_a_sequence_that_never_ends_hides_nothing(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@pytest.mark.parametrize(
    "piece", ["\x9d", "\x1b]", "\x1b[", "\x1b[1;", "\x1b ", "\x1bP\x1b", "\u0301", "\x9d0;x", "\r", "\x1b]\r"]
)
def test_a_quarter_megabyte_of_the_same_is_done_at_once(piece: str) -> None:
    raw = piece * (256 * 1024 // len(piece))
    start = time.process_time()
    assert is_harmless(clean(raw))
    styled(raw)
    last_state(raw)
    assert time.process_time() - start < 30  # what looks back from each character takes hours


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("\r 10%\r 20%\r 30%", " 30%"),
        (" 10%\r 20%\r", " 20%"),
        (" 20%\r\r\r", " 20%"),
        ("done\r\n", "done"),
        (" 20%\r   \r", " 20%"),
        ("100%\r\x1b[K", "100%"),
        ("1/9 [=>..]\x08\x08\x08\r2/9 [==>.]\x08\x08\x08", "2/9 [==>.]\x08\x08\x08"),
        ("\r\r", ""),
        ("", ""),
    ],
)
def test_a_progress_bar_is_its_last_state(line: str, shown: str) -> None:
    assert last_state(line) == shown


def test_colours_of_the_log_are_kept() -> None:
    assert styled("a\x1b[1;31mb\x1b[22;92mc\x1b[0md") == [
        ("a", PLAIN),
        ("b", Look(foreground=1, bold=True)),
        ("c", Look(foreground=10)),
        ("d", PLAIN),
    ]


@pytest.mark.parametrize(
    ("codes", "look"),
    [
        ("38;5;208", Look(foreground=208)),
        ("48;5;17", Look(background=17)),
        ("38;2;1;2;3", Look(foreground=(1, 2, 3))),
        ("38:2::1:2:3", Look(foreground=(1, 2, 3))),
        ("48:5:9", Look(background=9)),
        ("101", Look(background=9)),
        ("2;3;4;7;9", Look(dim=True, italic=True, underline=True, reverse=True, strike=True)),
        ("4:3", Look(underline=True)),
        ("31;39;41;49", PLAIN),
        ("31;", PLAIN),
        ("5;8", PLAIN),
        ("38;5;999", PLAIN),
        ("38", PLAIN),
        ("99999999999999999999", PLAIN),
    ],
)
def test_what_a_colour_sequence_says(codes: str, look: Look) -> None:
    assert styled(f"\x1b[{codes}mx") == [("x", look)]


def test_everything_but_colours_is_neutralised_among_them() -> None:
    assert styled("\x1b[31mred\x1b[2J\x1b]52;c;aGk=\x07 still\x1b[m\x1b[H.") == [
        ("red still", Look(foreground=1)),
        (".", PLAIN),
    ]


@given(HOSTILE)
def test_the_runs_joined_are_the_clean_text(raw: str) -> None:
    runs = styled(raw)
    assert "".join(text for text, _ in runs).replace(" ", "") == clean(raw).replace(" ", "")
    assert all(text and is_harmless(text) for text, _ in runs)
    assert all(before[1] != after[1] for before, after in itertools.pairwise(runs))


def test_what_is_searched_has_its_words_whole_and_its_lines_apart() -> None:
    assert without_escapes("lo\x1b[1mss\x1b[0m=1\n\x1b]0;x\nnext") == "loss=1\n0;x\nnext"
