"""What every kind of figure and table promises, found in the registry: none is listed here."""

from pathlib import Path

import pytest
from figures_faces import write_faces
from figures_params import params_data, write_params

from ebmrepro.files.workspace import FIGURES, WorkspaceError
from ebmrepro.params.base import ParamsError
from ebmrepro.params.kinds import kinds
from ebmrepro.params.root import Params
from ebmrepro.params.stages import stage
from ebmrepro.shown.load import load
from ebmrepro.stages import figure, table

KINDS = [(family, name) for family in ("figures", "tables") for name in kinds(family)]
STAGES = {"figures": figure, "tables": table}


@pytest.fixture
def whole(params) -> Params:
    """The measured workspace with runs that are measured by Inception, and protocols."""
    return write_faces()


def showing(params: Params, family: str, kind: str, experiment: str) -> Params:
    """`params` whose only figure or table of the family, `shown`, is of that kind and experiment."""
    entry = kinds(family)[kind](kind=kind, experiment=experiment, caption="Contract")
    return params.model_copy(update={family: {"shown": entry}})


def places(params: Params, family: str, kind: str) -> list[str]:
    """The experiments or comparisons that a kind may be about."""
    alone = stage(kinds(family)[kind].stage).by_experiment
    return params.experiments if alone else list(params.comparisons)


def suits(params: Params, family: str, kind: str) -> list[str]:
    """Those that have what it shows."""
    return [
        place
        for place in places(params, family, kind)
        if not list(getattr(showing(params, family, kind, place), family)["shown"].problems(params))
    ]


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_equal_files_are_shown_in_equal_bytes(whole, family, kind):
    folder, run = FIGURES / whole.preset, STAGES[family].run
    for place in suits(whole, family, kind):
        try:
            run(showing(whole, family, kind, place), "shown")
        except WorkspaceError as failure:
            # Training may not have logged what is drawn, and not every experiment has files here.
            assert f"{family[:-1]} shown: " in str(failure) or " is missing: " in str(failure)
            assert "\n" not in str(failure)
        else:
            break
    else:
        pytest.fail(f"no experiment suits {kind}")
    first = {path.name: path.read_bytes() for path in folder.glob("shown.*")}
    assert first.keys() == {f"shown{suffix}" for suffix in stage(family[:-1]).suffixes}
    run(showing(whole, family, kind, place), "shown")
    assert {path.name: path.read_bytes() for path in folder.glob("shown.*")} == first


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_what_does_not_suit_is_refused_in_a_sentence(tmp_path, monkeypatch, family, kind):
    monkeypatch.chdir(tmp_path)
    whole = write_params(params_data())
    fine = suits(whole, family, kind)
    unsuited = [place for place in places(whole, family, kind) if place not in fine]
    for place in [*unsuited, "nowhere"]:
        data = params_data()
        data[family]["shown"] = {"kind": kind, "experiment": place, "caption": "Contract"}
        expected = rf"{family}\.shown\.kind: {kind} shows .* experiment '{place}' has "
        if place == "nowhere":
            expected = rf"{family}\.shown\.experiment: .*'nowhere'"
        with pytest.raises(ParamsError, match=expected) as refused:
            write_params(data)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_a_missing_file_is_named(whole, family, kind):
    place = suits(whole, family, kind)[0]
    shown = getattr(showing(whole, family, kind, place), family)["shown"]
    item = whole.items_of(shown.stage, place)[0]
    for path in Path("results").glob(f"*/{shown.stage}/{place}/{item}.*"):
        path.unlink()
    with pytest.raises(WorkspaceError, match=rf"{item}\.\w+ is missing: stage {shown.stage} makes it"):
        load(whole, shown, family[:-1])


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_a_kind_describes_its_settings_and_names_its_code(family, kind):
    entry = kinds(family)[kind]
    for name, field in entry.model_fields.items():
        assert name == "kind" or (field.description and field.examples), name
    module = entry.load()
    assert callable(module.draw if family == "figures" else module.make)
    made = entry(kind=kind, experiment="digits", caption="Contract").modules()
    assert len(made) == len(set(made)) and all(name.startswith("ebmrepro.") for name in made)
