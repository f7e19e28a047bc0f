"""What a terminal is asked to do besides drawing: to ring, to tell the desktop something, to take a copy."""

from __future__ import annotations

from collections.abc import Mapping

from tui.model.clean import clean


def passed_on(order: str, environment: Mapping[str, str]) -> str:
    """An order as tmux or screen pass it on to the terminal around them; empty outside of them."""
    if environment.get("TMUX"):
        return f"\x1bPtmux;{order.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environment.get("STY"):
        # screen takes no more than 768 bytes at a time.
        return "".join(f"\x1bP{order[at : at + 240]}\x1b\\" for at in range(0, len(order), 240))
    return ""


def job_has_ended(name: str, status: str, environment: Mapping[str, str]) -> str:
    """A bell, and a message to the desktop (OSC 9) that names the job, cleaned of whatever could be an order itself."""
    order = f"\x1b]9;sagetop: {clean(name)} {clean(status)}\x07"
    return "\a" + (passed_on(order, environment) or order)
