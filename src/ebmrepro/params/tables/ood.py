from ebmrepro.params.tables import Table


class OodTable(Table, stage="detect"):
    """Out-of-distribution detection by energy: AUROC and FPR95 of each run against each set."""
