"""`python -m shelftalk` is the command line."""

from shelftalk.cli import main

main()
