"""Where every artifact lives, how it is written, and how it is read."""
