"""The pages that people see: the chat at /. Templates escape everything; scripts and styles are files."""
