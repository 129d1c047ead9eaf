"""How many files a process may have open at once: a shell often allows fewer than the system would."""

import sys

ENOUGH = 1024  # for the whole suite, or lanes for some twenty cores; Linux gives a shell as many by default


def allow_open_files() -> int:
    """Let this process, and what it starts, open `ENOUGH` files; return how many it may where that's not allowed."""
    if sys.platform in {"win32", "emscripten"}:  # there's no limit to ask for; the latter is the playground's
        return ENOUGH
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= ENOUGH:
        return ENOUGH
    allowed = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
