"""What hostile submissions run: each file becomes `app/hostile.py` of one. Never imported here."""
