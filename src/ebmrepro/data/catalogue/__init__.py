"""Published image sets: where they come from, how they are fetched and checked, how their files are read."""
