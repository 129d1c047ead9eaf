"""Stands in for the file of this name that each hostile submission gets: where the bait is, and its own mark."""

PORT = PORT6 = PID = 0
ABSTRACT = SOCKET = FILE = TRAP = TERCES = MARK = ""
