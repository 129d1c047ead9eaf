"""Errors that a person reads: what is wrong, and what to do next."""


class UserError(Exception):
    """What the person at the keyboard can mend. `then` is what to do next; the command exits with `code`."""

    def __init__(self, message: str, then: str = "", *, code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.then = then
        self.code = code
