from ebmrepro.params.figures import Figure


class FilterImages(Figure):
    """The weights of hidden units, as images of what each unit looks at."""

    stage = "evaluate"
    shows = ("binary",)
