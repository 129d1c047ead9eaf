"""Sandboxes for code that isn't yours: bubblewrap, without network, in which a submission can be served.

There are two tiers, which keep submissions apart equally well and withstand the same attacks. `fork` is a fork server
inside one bubblewrap; it gives each app its own namespaces. `bubblewrap` starts a bubblewrap for each app, and it's
for machines that don't let namespaces be nested. Linux only.
"""

from .errors import NoSandbox
from .opening import TIERS, Sandbox, open_sandbox

__all__ = ["TIERS", "NoSandbox", "Sandbox", "open_sandbox"]
