"""`python -m workbook` is the `workbook` command."""

from workbook.cli.main import main

if __name__ == "__main__":
    main()
