"""Asking the kernel for rights, for other processes, for a way out."""

from .attack import add_attacks

add_attacks(
    "kernel",
    "tells",
    "honest",
    dict.fromkeys(
        (
            "namespaces",
            "namespaces_of_others",
            "mounts",
            "devices",
            "rights",
            "tracing",
            "odd_calls",
            "keys",
            "limits",
            "writable_places",
            "ways_to_the_kernel",
            "terminal",
            "handed_over",
        ),
        "",
    ),
)
