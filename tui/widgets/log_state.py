"""What is shown of a log after a key, and what is said at its foot when something is out of the ordinary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from tui.model.log_block import ERROR, INFO, WARNING, Stream
from tui.model.log_buffer import LogRows
from tui.model.log_lines import LogLines, Matches, Rule
from tui.model.log_time import moment
from tui.model.logs import variant_of

LEVELS = {
    "errors": [(INFO, ERROR), (WARNING, ERROR), (ERROR, ERROR)],
    "rest": [(INFO, ERROR), (INFO, WARNING), (INFO, INFO)],
}
"""The levels shown, lowest and highest, after pressing the key once more: only the worse lines, or only the others."""

_WORDS = {
    (WARNING, ERROR): "warnings and errors",
    (ERROR, ERROR): "errors",
    (INFO, WARNING): "without errors",
    (INFO, INFO): "without warnings and errors",
}


def pause_words(new_below: int | None) -> str:
    """Whether it is paused, and what has come since; None when it follows."""
    if new_below is None:
        return ""
    return f"paused, {new_below:,} new below · G follows" if new_below else "paused · G follows"


def filter_words(rule: Rule, lines: LogLines, rows: LogRows, matches: Matches | None) -> str:
    """What is left out, and how much is left."""
    level = (rule.from_level, rule.to_level)
    words = [_WORDS[level]] if level in _WORDS else []
    words += [f"only {rule.only_variant}"] if rule.only_variant else []
    words += [f"only {' '.join(sorted(rule.only_hosts))}"] if rule.only_hosts else []
    words += [f"without {' '.join(sorted(rule.without_hosts))}"] if rule.without_hosts else []
    if rule.pattern is not None:
        words.append(f"&{'!' if rule.without_pattern else ''}{rule.pattern.text}")
    if not words:
        return ""
    going_on = "…" if matches and matches.missing(rows) else ""
    return f"{'  '.join(words)}  {len(lines):,} of {len(rows):,} lines{going_on}"


def search_words(matches: Matches | None, lines: LogLines, rows: LogRows, cursor: int) -> str:
    """What is searched, which hit one is at, and how many there are so far."""
    if matches is None:
        return ""
    hits = matches.count(rows)
    at = lines.number_of_match(matches, cursor) if hits else 0
    return f"/{matches.pattern.text}  {at:,} of {hits:,}{'…' if matches.missing(rows) else ''}"


def rule_of_host(rule: Rule, stream: Stream | None, only: bool, table: Sequence[Stream]) -> Rule:
    """The rule after asking for one host only, or for all but it (the last one stays); again: for all.

    Where there are several variants, it is first all hosts of that one, then the host alone.
    """
    if stream is None:
        return replace(rule, only_variant="", only_hosts=frozenset()) if only else rule
    if not only:
        without = rule.without_hosts | {stream.host}
        return replace(rule, without_hosts=without) if without < {one.host for one in table} else rule
    variant = variant_of(stream.name)
    mine = {one.host for one in table if variant_of(one.name) == variant}
    if rule.only_hosts or (rule.only_variant and len(mine) < 2):
        return replace(rule, only_variant="", only_hosts=frozenset())
    if not rule.only_variant and any(variant_of(one.name) != variant for one in table):
        return replace(rule, only_variant=variant)
    return replace(rule, only_hosts=frozenset({stream.host}))


def line_of_time(text: str, lines: LogLines, cursor: int, zone: tzinfo | None) -> int | None:
    """The line that a typed time leads to, None when it is no time."""
    rows = lines.rows
    first_ms, last_ms = rows.blocks[0].times[0], rows.blocks[-1].times[-1]
    here_ms = rows.key(lines.row(cursor))[0]
    time_ms = moment(text, here_ms=here_ms, first_ms=first_ms, last_ms=last_ms, zone=zone)
    return None if time_ms is None else min(lines.line(rows.first_since(time_ms)), len(lines) - 1)
