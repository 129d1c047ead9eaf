"""Attacks on the grader: what a hostile submission tries, and what must come of it.

A family is a module, an attack a function in it that makes what is handed in; `code/` holds what runs inside it.
`suite.prove` grades them through the real grader, beside submissions that are honest.

To add one: a function with its docstring in `code/FAMILY.py`, and its name, verdict and reason in `FAMILY.py`. Hostile
code that looks for something returns what it has reached (`tells`); what takes all there is of something (`explodes`)
has a bound and returns what it has got. So whoever runs it in a sandbox that does not hold loses a minute, and no more.
"""
