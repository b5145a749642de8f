"""Classifiers of a data set's own labels: features, predicted attributes, accuracy of compositions."""
