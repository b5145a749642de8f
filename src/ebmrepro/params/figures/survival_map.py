from ebmrepro.params.figures import Figure
from ebmrepro.params.swept import places


class SurvivalMap(Figure, stage="train"):
    """The median survival over two settings that an experiment sweeps, one panel for each method."""

    def problems(self, params):
        """Also that the runs differ in two settings beside their objective, by which the map is laid out."""
        yield from super().problems(params)
        found = places(params, params.shown_runs(self.stage, self.experiment)).values()
        swept = {name for place in found for name in place.swept}
        if found and len(swept) != 2:
            yield self._cannot("two swept settings", swept or {"none"})
