"""The one way to change anything: plan → confirm → send → read back → audit.

A plan is a `Change`: a plain value that says how something is, how it is to be and which calls make it so. `agree`
takes a person's word for it, `carry_out` looks whether all is still as the plan saw it, sends, looks again and writes
down what came of it. Nothing else in sagetop calls `Source.send`.
"""

from tui.mutations.change import Change, Guard, NotConfirmed, NothingToDo, NotPossible, Seen, Subject, agree, see
from tui.mutations.guarded import Outcome, carry_out

__all__ = [
    "Change",
    "Guard",
    "NotConfirmed",
    "NotPossible",
    "NothingToDo",
    "Outcome",
    "Seen",
    "Subject",
    "agree",
    "carry_out",
    "see",
]
