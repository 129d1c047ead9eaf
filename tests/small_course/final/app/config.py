"""Settings, from the environment.

Read once, at the start.
"""

import os

SHELF = os.environ.get("SHELF", "Shelf")
