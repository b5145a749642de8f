"""Published image sets: where they come from, how they are fetched and checked, how their files are read.

`fetch` brings the verified files of a set that catalogue.yaml describes, `images` reads them.
"""
