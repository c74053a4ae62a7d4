"""`clashwatch` and `python -m services`."""

from services.cli.app import main

if __name__ == "__main__":
    main()
