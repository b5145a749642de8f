from ebmrepro.params.figures import Figure


class CostQuality(Figure, stage="compare"):
    """What a training step costs against how well the model fits, method by method."""
