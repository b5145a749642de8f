from ebmrepro.params.tables import Table


class DenoisingTable(Table, stage="denoise"):
    """Denoising: what each energy makes of noisy test images, beside the noise itself and a plain filter."""
