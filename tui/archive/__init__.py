"""What was seen is kept: job logs and descriptions in one SQLite file, as they came."""

from tui.archive.archive import Archive, LogSummary
from tui.archive.coverage import FOREVER, Kept, Range, Span
from tui.archive.reading import Snapshot

__all__ = ["FOREVER", "Archive", "Kept", "LogSummary", "Range", "Snapshot", "Span"]
