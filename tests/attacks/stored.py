"""What lies in the data folder, where the grader reads: the log of requests, stored pictures."""

from .attack import attacks

LOGS = dict.fromkeys(("log_of_the_machine", "log_without_end"), "")

attacks("stored", "runs", "no credit", LOGS, exercise="request-log")
attacks("stored", "runs", "honest", {"clutter": ""}, exercise="avatar")
attacks("stored", "runs", "no credit", {"many": ""}, exercise="avatar", base="starter")
