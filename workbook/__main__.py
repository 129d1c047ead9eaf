"""`python -m workbook` is the `workbook` command."""

from workbook.commands import main

if __name__ == "__main__":
    main()
