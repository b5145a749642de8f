from ebmrepro.params.figures import Figure


class GradientNorms(Figure, stage="train"):
    """Norm of the KL term's gradient beside the CD term's: is the term that CD drops negligible?"""
