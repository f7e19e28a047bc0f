"""The keys of a log: those of `less` where it has them. Their ids are stable, every one can be remapped."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("space", "follow", "Pause", id="log.follow"),
    Binding("slash", "ask('search')", "Search", key_display="/", id="log.search"),
    Binding("ampersand", "ask('filter')", "Filter", key_display="&", id="log.filter"),
    Binding("e", "error(1)", "Error", id="log.next-error"),
    Binding("E", "error(-1)", "Error before", id="log.previous-error", show=False),
    Binding("n", "hit(1)", "Next hit", id="log.next-hit", show=False),
    Binding("N", "hit(-1)", "Hit before", id="log.previous-hit", show=False),
    Binding("j,down", "move(1)", "Down", id="log.down", show=False),
    Binding("k,up", "move(-1)", "Up", id="log.up", show=False),
    Binding("J,shift+down", "move(1, True)", "Select down", id="log.select-down", show=False),
    Binding("K,shift+up", "move(-1, True)", "Select up", id="log.select-up", show=False),
    Binding("ctrl+d", "half_page(1)", "Half a page down", id="log.half-page-down", show=False),
    Binding("ctrl+u", "half_page(-1)", "Half a page up", id="log.half-page-up", show=False),
    Binding("pagedown", "half_page(2)", "Page down", id="log.page-down", show=False),
    Binding("pageup", "half_page(-2)", "Page up", id="log.page-up", show=False),
    Binding("left", "columns(-1)", "Left", id="log.left", show=False),
    Binding("right", "columns(1)", "Right", id="log.right", show=False),
    Binding("g,home", "top", "Top", id="log.top", show=False),
    Binding("G,end", "bottom", "End, follow", id="log.bottom", show=False),
    Binding("T", "ask('time')", "Go to a time", id="log.time", show=False),
    Binding("enter", "fold", "Open or fold a traceback", id="log.fold", show=False),
    Binding("w", "wrap", "Wrap", id="log.wrap", show=False),
    Binding("t", "times", "Timestamps", id="log.times", show=False),
    Binding("v", "level('errors')", "Only warnings, only errors", id="log.level", show=False),
    Binding("V", "level('rest')", "Without errors, without warnings", id="log.without-level", show=False),
    Binding("h", "host(True)", "Only this host", id="log.host", show=False),
    Binding("H", "host(False)", "Without this host", id="log.without-host", show=False),
    Binding("y", "copy", "Copy", id="log.copy", show=False),
    Binding("s", "ask('save')", "Save", id="log.save", show=False),
    Binding("escape", "clear", "Clear", id="log.clear", show=False),
]
