"""The `workbook` command: main.py is its entry point, app.py its commands and their options."""
