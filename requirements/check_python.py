"""Say in a sentence when the Python at hand is too old; runs on any Python."""

import sys

if sys.version_info < (3, 11):
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit("Python %s is too old: the toolkit needs 3.11 or newer. Try `make PYTHON=python3.12 report`." % found)  # noqa: UP031
