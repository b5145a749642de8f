from ebmrepro.params.figures import Figure


class FilterImages(Figure, stage="evaluate", shows=("binary",)):
    """The weights of hidden units, as images of what each unit looks at."""
