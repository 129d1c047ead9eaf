"""Grading what learners hand in: who handed in what, one result each, kept in a journal the moment it is known."""
