from ebmrepro.params.figures import Figure


class CostQuality(Figure):
    """What a training step costs against how well the model fits, method by method."""

    stage = "compare"
