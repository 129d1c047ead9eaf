"""The error of a machine that cannot keep submissions apart."""


class NoSandbox(Exception):
    """Submissions cannot be kept apart on this machine: why, and what to do."""

    def __init__(self, why: str, then: str) -> None:
        super().__init__(why)
        self.why, self.then = why, then
