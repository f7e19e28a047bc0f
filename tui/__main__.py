"""`python -m tui` is the command `sagetop`."""

from tui.cli import main

if __name__ == "__main__":
    main()
