from ebmrepro.params.figures import Figure


class DenoisedImages(Figure, stage="denoise"):
    """Noisy test images and what each energy makes of them."""
