from ebmrepro.params.tables import Table


class ProtocolsTable(Table):
    """The same models sampled and measured by different protocols: does the number depend on who samples?"""

    stage = "resample"
    shows = ("vectors", "images")
    evaluations = ("density", "images", "inception")
    every_run = True
