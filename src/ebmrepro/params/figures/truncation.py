from ebmrepro.params.figures import Figure


class TruncationCurves(Figure, stage="train", setting=("objective", "compare_full")):
    """The KL term's gradient through the last steps of the chain against that through all of them."""
