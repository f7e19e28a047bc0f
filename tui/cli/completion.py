"""`sagetop completion`: the script that teaches a shell to complete sagetop's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from tui.cli import COMPLETE
from tui.cli.output import emit

_EPILOG = """\
\b
Examples:
  eval "$(sagetop completion bash)"          in ~/.bashrc
  eval "$(sagetop completion zsh)"           in ~/.zshrc
  sagetop completion fish > ~/.config/fish/completions/sagetop.fish
"""


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this click has no completion for {shell}", context)
    script = kind(context.find_root().command, {}, "sagetop", COMPLETE)
    # Not script.source(): it runs bash to learn its version, which this machine may not have.
    emit(script.source_template % script.source_vars())
