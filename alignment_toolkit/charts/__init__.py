"""Charts: one `<metric>_chart(frame, *, ax=None) -> Axes` per metric, each with a spoken description."""
