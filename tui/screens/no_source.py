"""What is shown instead of the lists while there are no credentials."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tui.model.clean import clean
from tui.sources.base import SourceError


class NoSource(Static):
    """Says what is missing and what can be done all the same."""

    DEFAULT_CSS = """
    NoSource { height: 1fr; padding: 1 2; display: none; }
    NoSource.-there { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def show(self, error: SourceError | None) -> None:
        """Say this, or leave."""
        self.set_class(error is not None, "-there")
        if error is not None:
            self.update(
                Content.assemble(
                    ("No AWS account to look at\n\n", "bold"),
                    f"{clean(error.what)}\n{clean(error.hint)}\n\n",
                    ("What works without one\n\n", "bold"),
                    ("  :demo   ", "bold $accent"),
                    "an AWS of its own, with jobs that live: nothing in it can reach an account\n",
                    ("  train   ", "bold $accent"),
                    "`sagetop train SCRIPT` trains on this machine, and is shown here\n",
                    ("  P  R    ", "bold $accent"),
                    "another profile, another region\n",
                    ("  r       ", "bold $accent"),
                    "look again, after `aws configure` or `aws sso login`\n",
                )
            )
