"""Settings of `kind: outliers`."""

from typing import Literal

from ebmrepro.params.tables import Table


class OutliersTable(Table):
    """Out-of-distribution detection by energy: AUROC and FPR95 of each run against each set."""

    stage = "detect"
    implementation = "ebmrepro.tables.outliers"

    kind: Literal["outliers"]
