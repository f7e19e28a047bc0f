"""The keys of a log: those of `less` where it has them. Their ids are stable, every one can be remapped."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("space", "follow", "pause", id="log.follow"),
    Binding("slash", "ask('search')", "search", key_display="/", id="log.search"),
    Binding("ampersand", "ask('filter')", "filter", key_display="&", id="log.filter"),
    Binding("e", "error(1)", "error", id="log.next-error"),
    Binding("E", "error(-1)", "error before", id="log.previous-error", show=False),
    Binding("n", "hit(1)", "next hit", id="log.next-hit", show=False),
    Binding("N", "hit(-1)", "hit before", id="log.previous-hit", show=False),
    Binding("j,down", "move(1)", "down", id="log.down", show=False),
    Binding("k,up", "move(-1)", "up", id="log.up", show=False),
    Binding("J,shift+down", "move(1, True)", "select down", id="log.select-down", show=False),
    Binding("K,shift+up", "move(-1, True)", "select up", id="log.select-up", show=False),
    Binding("ctrl+d", "half_page(1)", "half a page down", id="log.half-page-down", show=False),
    Binding("ctrl+u", "half_page(-1)", "half a page up", id="log.half-page-up", show=False),
    Binding("pagedown", "half_page(2)", "page down", id="log.page-down", show=False),
    Binding("pageup", "half_page(-2)", "page up", id="log.page-up", show=False),
    Binding("left", "columns(-1)", "left", id="log.left", show=False),
    Binding("right", "columns(1)", "right", id="log.right", show=False),
    Binding("g,home", "top", "top", id="log.top", show=False),
    Binding("G,end", "bottom", "end, follow", id="log.bottom", show=False),
    Binding("T", "ask('time')", "go to a time", id="log.time", show=False),
    Binding("enter", "fold", "open or fold a traceback", id="log.fold", show=False),
    Binding("w", "wrap", "wrap", id="log.wrap", show=False),
    Binding("t", "times", "timestamps", id="log.times", show=False),
    Binding("v", "level('errors')", "only warnings, only errors", id="log.level", show=False),
    Binding("V", "level('rest')", "without errors, without warnings", id="log.without-level", show=False),
    Binding("h", "host(True)", "only this host, or its variant", id="log.host", show=False),
    Binding("H", "host(False)", "without this host", id="log.without-host", show=False),
    Binding("y", "copy", "copy", id="log.copy", show=False),
    Binding("s", "ask('save')", "save", id="log.save", show=False),
    Binding("escape", "clear", "clear", id="log.clear", show=False),
]
