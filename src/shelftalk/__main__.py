"""`python -m shelftalk` is the command line."""

from shelftalk.cli.main import main

main()
