"""The command line: a file a command; main.py mounts them and turns errors into exit codes."""
