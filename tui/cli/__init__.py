"""The command line: the only room that makes sources, and hands the app all of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main() -> None:
    """Run the command `sagetop` with the arguments of this process, and end with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command `sagetop` and return its exit code; no exception leaves it.

    Args:
        arguments: What follows `sagetop` on the command line.
    """
    # Everything is imported inside: ctrl-c at any moment ends in one place, and `import tui.cli` costs nothing.
    try:
        from tui.cli.group import invoke
        from tui.cli.output import flush, prepare

        prepare()
        code = invoke(arguments)
        flush()
        return code
    except BaseException as error:
        from tui.cli.exits import farewell

        return farewell(error)
