"""Reaching the machine, the neighbours, the world."""

from .attack import attacks

attacks("network", "tells", "honest", dict.fromkeys(("host", "unix_sockets", "ports_of_the_host"), ""), harmless=True)
attacks(
    "network",
    "tells",
    "honest",
    dict.fromkeys(("outside", "neighbours", "interfaces", "odd_families", "configures"), ""),
)
