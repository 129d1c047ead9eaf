"""The `workbook` command: main.py is its entry point, app.py its commands and their options."""

from typing import Any

# What the definitions of the commands in app.py, class_.py and author.py share.
SETTINGS: dict[str, Any] = {
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
