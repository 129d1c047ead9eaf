"""Looking for the tests, for what they expect and for secrets."""

from .attack import add_attacks

OF_PYTHON = ("objects", "modules", "frames", "memory", "environment", "descriptors")
OF_THE_SYSTEM = ("command_lines", "files", "hidden_tests", "other_folders", "mounts")
SEEN_BY_ALL = ("secret_file", "accounts", "sockets", "other_processes")

add_attacks("looking", "tells", "honest", dict.fromkeys((*OF_PYTHON, *OF_THE_SYSTEM), ""))
add_attacks("looking", "tells", "honest", dict.fromkeys(SEEN_BY_ALL, ""), harmless=True)
