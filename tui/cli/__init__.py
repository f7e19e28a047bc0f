"""The command line: the only room that makes sources, and hands the app all of them."""


def main() -> None:
    """Run the command `sagetop`."""
