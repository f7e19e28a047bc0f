"""What was seen is kept: job logs and descriptions in one SQLite file, as they came."""

from tui.archive.archive import Archive, LogSummary
from tui.archive.coverage import FOREVER, Kept, Range, Span

__all__ = ["FOREVER", "Archive", "Kept", "LogSummary", "Range", "Span"]
