"""One module a kind of evaluation: its `measure` puts the metrics of a run together."""
