"""The command line: the only room that makes sources, and hands the app all of them."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

COMPLETE = "_SAGETOP_COMPLETE"
"""The variable by which a shell asks sagetop for completions."""


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
        from tui.cli.output import flush, prepare

        prepare()
        if arguments or COMPLETE in os.environ:
            from tui.cli.group import invoke

            code = invoke(arguments)
        else:
            # The commonest call of all has no arguments to read: its first frame does not wait for click.
            # Nothing that is made until then becomes rubbish, so nobody looks for it: SagetopApp.on_ready.
            gc.disable()
            from tui.cli.opening import open_monitor
            from tui.cli.options import Options

            code = open_monitor(Options())
        flush()
        return code
    except BaseException as error:
        from tui.cli.exits import farewell

        return farewell(error)
