"""`python -m alignment_toolkit` is the command `alignment`."""

from alignment_toolkit.cli import main

if __name__ == "__main__":
    main()
