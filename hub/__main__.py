"""`python -m hub` is the command `contact-hub`."""

from hub.cli import main

main()
