"""The key that leads to asking a model: nothing is changed by it, so it is there in read-only as well."""

from __future__ import annotations

from textual.binding import Binding

ASK = Binding("i", "ask", "ask…", id="screen.ask", tooltip="Ask the model behind this endpoint")
