"""The command line. `main` is what `contact-hub` and `python -m hub` call; each command has its file."""

import sys


def main() -> None:
    """Look first that our packages are ours (their names exist elsewhere too), then run the command."""
    from hub.cli.guard import find_intruder

    intruder = find_intruder()
    if intruder:
        sys.stderr.write(intruder + "\n")
        raise SystemExit(3)
    from hub.cli.app import app
    from hub.logs import set_up_logs

    set_up_logs("warning")  # to standard error: what a command prints may be read by a program
    app(prog_name="contact-hub")
