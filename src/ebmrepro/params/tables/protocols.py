from ebmrepro.params.tables import Table


class ProtocolsTable(Table, stage="resample", shows=("vectors", "images"), every_run=True):
    """The same models sampled and measured by different protocols: does the number depend on who samples?"""

    evaluations = ("density", "images", "inception")
