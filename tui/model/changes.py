"""A change before it is sent, and what came of it: plain values, so that a screen, a pipe and the audit log agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Mapping[str, Any]
State = Mapping[str, Any] | None
"""What AWS says of whatever is to be changed, as JSON; None where it does not exist."""

_READING = ("Describe", "List", "Get", "Search")


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS request as it is sent.

    Attributes:
        service: As boto3 calls it: `application-autoscaling`.
        operation: As AWS writes it: `RegisterScalableTarget`.
        parameters: The operation's parameters, JSON only.
    """

    service: str
    operation: str
    parameters: Json = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether it may change something; what only reads can be sent again without harm."""
        return not self.operation.startswith(_READING)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a preview: how something is, and how it is to be. Text from outside."""

    name: str
    now: str
    after: str

    @property
    def moves(self) -> bool:
        """Whether it will be another."""
        return self.now != self.after


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one call: `unknown` where it may have arrived and no answer came back."""

    call: Call
    result: Literal["done", "failed", "unknown", "not sent"]
    why: str = ""


Verdict = Literal["done", "overtaken", "failed", "partly", "unknown", "differs"]
"""How a change ended.

`done`: AWS shows what was wanted. `overtaken`: somebody changed it since the preview, and nothing was sent. `failed`:
nothing of it was carried out. `partly`: some calls went through, others did not. `unknown`: it was sent, and neither an
answer nor a look afterwards tells. `differs`: it was sent and answered, and AWS shows something else.
"""
