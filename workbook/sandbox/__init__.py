"""Sandboxes for code that is not yours: bubblewrap, without network, in which a submission can be served.

Two tiers, which keep submissions apart equally well and pass the same attacks: `fork`, a fork server inside one
bubblewrap that gives each app namespaces of its own, and `bubblewrap`, a bubblewrap for each app, where a machine
does not let namespaces be nested. Linux only.
"""

from .errors import NoSandbox
from .opening import TIERS, Sandbox, open_sandbox

__all__ = ["TIERS", "NoSandbox", "Sandbox", "open_sandbox"]
