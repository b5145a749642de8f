"""Published image sets: where they come from, how they are fetched and checked, how their files are read.

`entries` says what is known of each set (catalogue.yaml), `fetch` brings its verified files, `images` reads
them.
"""
