"""Say in a sentence when the Python at hand is too old; runs on any Python."""
