"""Leaving early, or ending others, so that nothing is left that could find fault."""

from .attack import Project, add_attacks, attack

add_attacks(
    "leaving",
    "runs",
    "no credit",
    {
        "at_once": "ended by itself",
        "politely": "ended the program",
        "by_a_fault": "ended by itself",
        "as_another_program": "not permitted",
        "as_a_daemon": "not permitted",
        "by_an_exception": "couldn't be imported",
    },
    prefix="at the import, ",
)
add_attacks("leaving", "runs", "no credit", {"with_a_deaf_thread": ""}, prefix="at the import, ", endless=True)
# Of what the first process of a namespace does to itself the kernel ignores some: whether it ends depends on the tier.
OF_NO_MATTER = ("by_a_signal", "halted", "everybody", "its_group", "by_an_owner")
add_attacks("leaving", "runs", "no credit", dict.fromkeys(OF_NO_MATTER, ""), base="starter", prefix="at the import, ")
add_attacks(
    "leaving",
    "runs",
    "no credit",
    dict.fromkeys(("with_closed_descriptors", "soon", "when_it_ends"), ""),
    base="starter",
)
add_attacks("leaving", "runs", "honest", {"one_by_one": ""})
add_attacks(
    "leaving",
    "explodes",
    "no credit",
    {"at_once": "not running|no whole response", "by_an_exception": "500"},
    prefix="in a route, ",
)
add_attacks(
    "leaving",
    "explodes",
    "no credit",
    dict.fromkeys(("by_a_signal", "halted", "with_closed_descriptors"), ""),
    prefix="in a route, ",
)


@attack("no credit", "start-up failed|ended by itself")
def while_it_starts(project: Project) -> None:
    """End the process with status 0 when the server starts, after the import."""
    project.hostile("leaving")
    project.end("""
import contextlib

from . import hostile


@contextlib.asynccontextmanager
async def leaving(_):
    hostile.at_once()
    yield


app.router.lifespan_context = leaving
""")
