"""Reaching the machine, the neighbours, the world."""

from .attack import add_attacks

add_attacks(
    "network", "tells", "honest", dict.fromkeys(("host", "unix_sockets", "ports_of_the_host"), ""), harmless=True
)
add_attacks(
    "network",
    "tells",
    "honest",
    dict.fromkeys(("outside", "neighbours", "interfaces", "odd_families", "configures"), ""),
)
