from ebmrepro.params.figures import Figure


class DenoisedImages(Figure):
    """Noisy test images and what each energy makes of them."""

    stage = "denoise"
