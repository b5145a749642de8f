"""One module per stage: read files, call the library, write files. No mathematics here."""
