"""What was seen is kept: job logs and descriptions in one SQLite file, as they came."""

from tui.archive.archive import Archive, LogSummary
from tui.archive.coverage import FOREVER, OWN_NAME, Kept, Range, Span, Way
from tui.archive.reading import Snapshot

__all__ = ["FOREVER", "OWN_NAME", "Archive", "Kept", "LogSummary", "Range", "Snapshot", "Span", "Way"]
