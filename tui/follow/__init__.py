"""A job's log, complete and in order: reads a source, fills the archive, says what is new."""

from tui.follow.batch import LogBatch, State
from tui.follow.follower import Follower
from tui.follow.tempo import Tempo

__all__ = ["Follower", "LogBatch", "State", "Tempo"]
