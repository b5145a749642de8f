"""The metrics that papers measure images with, from one pass of the images through Inception-2015."""
