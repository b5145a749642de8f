"""One module per true format: what a split holds, without decoding an image before it is asked for.

read(paths, split) -> Content       of the files of a split in the catalogue's order, and the split's name
"""
