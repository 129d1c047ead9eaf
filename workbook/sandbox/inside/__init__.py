"""What runs inside the sandbox: the supervisor of one served app, and the app itself.

Nothing else of the workbook is there. A submission can read every line of it; nothing in it is secret.
"""
