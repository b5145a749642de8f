from ebmrepro.params.tables import Table


class AblationTable(Table, stage="evaluate", shows=("images",), evaluations=("images",)):
    """The ablation: what the KL term, augmentation and several scales each do to samples and to stability."""
