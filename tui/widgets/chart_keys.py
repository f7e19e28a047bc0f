"""The keys of a chart, and those of several one under the other. Their ids are stable, every one can be remapped."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("left", "cursor(-1)", "cursor back", id="chart.cursor-back", show=False),
    Binding("right", "cursor(1)", "cursor on", id="chart.cursor-on"),
    Binding("plus", "zoom(0.5)", "zoom in", key_display="+", id="chart.zoom-in"),
    Binding("minus", "zoom(2.0)", "zoom out", key_display="-", id="chart.zoom-out", show=False),
    Binding("equals_sign", "zoom_values(0.5)", "zoom values in", key_display="=", id="chart.values-in", show=False),
    Binding("underscore", "zoom_values(2.0)", "zoom values out", key_display="_", id="chart.values-out", show=False),
    Binding("shift+left", "pan(-0.25)", "pan back", id="chart.pan-back", show=False),
    Binding("shift+right", "pan(0.25)", "pan on", id="chart.pan-on", show=False),
    Binding("v", "mark", "mark one end of a part", id="chart.mark", show=False),
    Binding("enter", "zoom_part", "zoom to the part", id="chart.zoom-part", show=False),
    Binding("backspace", "zoom_back", "zoom back", id="chart.zoom-back", show=False),
    Binding("0", "reset", "show all", id="chart.reset", show=False),
    Binding("less_than_sign", "jump('min')", "to the minimum", key_display="<", id="chart.minimum", show=False),
    Binding("greater_than_sign", "jump('max')", "to the maximum", key_display=">", id="chart.maximum", show=False),
    Binding("exclamation_mark", "jump('nan')", "to the next NaN", key_display="!", id="chart.nan", show=False),
    Binding("L", "log", "log scale", id="chart.log"),
    Binding("escape", "leave_cursor", "leave the cursor", id="chart.leave-cursor", show=False),
]

STACK_KEYS: list[BindingType] = [
    Binding("j,down", "focus_chart(1)", "next chart", id="charts.next", show=False),
    Binding("k,up", "focus_chart(-1)", "previous chart", id="charts.previous", show=False),
    Binding("right_parenthesis", "smooth(1)", "smooth more", key_display=")", id="charts.smooth-more", show=False),
    Binding("left_parenthesis", "smooth(-1)", "smooth less", key_display="(", id="charts.smooth-less", show=False),
    Binding("o", "layout", "apart, overlaid or grouped", id="charts.layout", show=False),
    Binding("x", "axis", "axis", id="charts.axis", tooltip="Along time, step or epoch"),
    Binding("y", "copy", "copy the chart as text", id="charts.copy", show=False),
    Binding("s", "save", "save the chart as text", id="charts.save", show=False),
]
