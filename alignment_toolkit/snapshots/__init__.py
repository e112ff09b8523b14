"""A store over time: what it held after each ingest, kept by digest, and one link that says which of them is shown."""
