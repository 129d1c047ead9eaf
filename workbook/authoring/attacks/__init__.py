"""Attacks on the grader: what a hostile submission tries, and what must come of it.

A family is a module, an attack a function in it that makes what is handed in; `code/` holds what runs inside it.
`suite.prove` grades them through the real grader, beside submissions that are honest.

To add one, write a function with a docstring in `code/FAMILY.py`, and its name, verdict and reason in `FAMILY.py`.
Hostile code that looks for something returns what it could reach (`tells`). Code that takes all there is of something
(`explodes`) stops at a bound and returns what it got. So if your sandbox doesn't hold, you'll lose a minute, no more.
"""
