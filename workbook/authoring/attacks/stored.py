"""What lies in the data folder, where the grader reads: the log of requests, stored pictures."""

from .attack import add_attacks

LOGS = dict.fromkeys(("log_of_the_machine", "log_without_end"), "")

add_attacks("stored", "runs", "no credit", LOGS, exercise="request-log")
add_attacks("stored", "runs", "honest", {"clutter": ""}, exercise="avatar")
add_attacks("stored", "runs", "no credit", {"many": ""}, exercise="avatar", base="starter")
add_attacks("stored", "runs", "no more", dict.fromkeys(("sparse", "other_kinds", "long_names"), ""), exercise="avatar")
