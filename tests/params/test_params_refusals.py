"""Whatever is wrong in params.yaml, the answer is one line: file, line, key, reason, nearest name."""

import json
import re
from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from ebmrepro.checks.load import load_params
from ebmrepro.params.base import ParamsError

REFUSALS = YAML(typ="safe").load(Path(__file__).with_name("refusals.yaml").read_text(encoding="utf-8"))
CASES = [(f"{group}-{case['key']}", case) for group, cases in REFUSALS.items() for case in cases]


def _refusal(path: Path) -> str:
    with pytest.raises(ParamsError) as refused:
        load_params(path)
    message = str(refused.value)
    assert "\n" not in message
    return message


def _line_of_key(text: str, key: str) -> int:
    """The line of a dotted key, by PyYAML's marks: independent of the code under test."""
    node, line = yaml.compose(text), 0
    for part in key.split("."):
        if isinstance(node, yaml.SequenceNode):
            node = node.value[int(part)]
            line = node.start_mark.line
            continue
        found = [pair for pair in getattr(node, "value", ()) if pair[0].value == part]
        if not found:
            break
        line, node = found[0][0].start_mark.line, found[0][1]
    return line + 1


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_one_line_names_file_line_key_and_reason(case, workspace_folder, edit):
    load_params()
    edit(case["old"], case["new"])
    text = Path("params.yaml").read_text(encoding="utf-8")
    start = f"params.yaml:{_line_of_key(text, case['key'])}: {case['key']}: {case['reason']}"
    assert _refusal(Path("params.yaml")).startswith(start)


def test_the_line_is_that_of_the_edited_text(workspace_folder, edit, micro_text):
    edit("    neighbours: 5", "    neighbors: 5")
    line = 1 + micro_text[: micro_text.index("    neighbours: 5")].count("\n")
    assert re.match(rf"params\.yaml:{line}: ", _refusal(Path("params.yaml")))


@pytest.mark.parametrize("kind", ["kind: helmholtz, ", "kind: digits\n    ", "kind: none"])
def test_missing_kind_is_named(kind, workspace_folder, edit):
    edit(kind, "")
    assert re.match(
        r"params\.yaml:\d+: [a-z_.]+\.kind: required key 'kind' is missing$", _refusal(Path("params.yaml"))
    )


def test_missing_section_and_key_are_named(workspace_folder, edit):
    edit("    noise: 0.005\n", "")
    assert re.match(
        r"params\.yaml:\d+: samplers\.images\.noise: required key is missing$", _refusal(Path("params.yaml"))
    )
    edit("preset: micro\n", "")
    assert re.match(r"params\.yaml:1: preset: required key is missing$", _refusal(Path("params.yaml")))


def test_a_table_of_protocols_of_data_without_a_number_to_show_is_refused_here_not_by_the_table(
    workspace_folder, edit
):
    edit(
        "run: digits_cd, experiment: digits, dataset: digits",
        "run: gaussian_mle, experiment: toy, dataset: gaussian",
    )
    edit("generation: shapes, evaluation: images", "generation: points, evaluation: gaussian")
    edit(
        "kind: protocols, experiment: digits",
        "kind: protocols, experiment: toy",
    )
    assert re.match(
        r"params\.yaml:\d+: tables\.protocols\.kind: protocols shows .* and experiment 'toy' has gaussian$",
        _refusal(Path("params.yaml")),
    )


def test_names_are_lower_case(workspace_folder, edit):
    edit("  rings_icd:", "  Rings-ICD:")
    assert re.match(
        r"params\.yaml:\d+: runs\.Rings-ICD.*: a name is lower-case letters, digits and _, at most 100$",
        _refusal(Path("params.yaml")),
    )


# Each line twice the one before it.
BOMB = b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (line, line, line - 1, line - 1) for line in range(1, 40))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"preset: micro\n\tseeds: [0]\n", r":2: not valid YAML: "),
        (b"preset: micro\nseeds: [0, 1\ncompute: 3\n", r":\d: not valid YAML: "),
        (b"preset: a\npreset: b\n", r":2: not valid YAML: .*duplicate key"),
        (b"preset: !!python/object:os.system x\n", r":1: tags \(tag:.*\) are not taken"),
        (b"preset: a\nseeds: !!set {1, 2}\n", r":2: tags "),
        (b"preset: !own x\n", r":1: tags \(!own\) are not taken"),
        (b"seeds: [\n2026-02-30]\n", r":2: not valid YAML: 2026-02-30 is no number and no date"),
        (b"seeds: [0o_]\n", r":1: not valid YAML: 0o_ is no number"),
        (b"seeds: [" + b"9" * 5000 + b"]\n", r":1: 9{37}\.\.\. has 5,000 characters, at most 1,000"),
        (b"seeds: " + b"[" * 1000 + b"]" * 1000, r":1: lists and mappings more than 50 deep"),
        (b"preset: '" + b"x" * 20_000 + b"'", r":1: x{37}\.\.\. has 20,000 characters, at most 10,000"),
        (b"preset: " + b"x" * 3_000_000, r": has 3,000,008 characters, at most 2,000,000"),
        (b"preset: a\n<<: {seeds: [0]}\n", r":2: merge keys"),
        (b"a0: &a0 [0, 0]\n" + BOMB, r":\d+: more than 100,000 values, those that aliases \(\*\) repeat"),
        (b"a: 1\n--- \nb: 2\n", r":\d: not valid YAML: "),
        (b"preset: mi\x00cro\n", r":1: not valid YAML: "),
        (b"preset: mi\x07cro\n", r":1: not valid YAML: "),
        (b"preset: \xff\xfe\n", r": cannot be read: "),
        (b"", r":1: must be a mapping"),
        (b"- preset\n- seeds\n", r":1: must be a mapping"),
        (b"just words\n", r":1: must be a mapping"),
        (b"1: 2\n", r":1: 1: "),
        (b"? [a, b]\n: 2\n", r":1: "),
        (b"runs: &a {a: *a}\n", r":1: \*a is part of itself"),
    ],
)
def test_what_is_no_params_file_at_all(content, expected, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    assert re.match(re.escape(str(path)) + expected, _refusal(path))


def test_missing_file_says_where_to_get_one(tmp_path):
    message = _refusal(tmp_path / "params.yaml")
    assert message.startswith(f"{tmp_path / 'params.yaml'}: no such file")
    assert "workflow/presets" in message


def _leaves(node, path=()):
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*path, key)
            yield from _leaves(value, (*path, key))


JUNK = (None, [], {}, "zzz", -1, 1e300, True, [[{}]], {"kind": "zzz"}, "2020-01-01")


def test_junk_anywhere_is_refused_in_one_line_or_valid(tmp_path, micro_text):
    """Keys all over the file get a value from a list of nonsense, or are deleted: never another exception."""
    data = YAML(typ="safe", pure=True).load(micro_text)
    places = [place for place in _leaves(data) if len(place) < 5][::3]
    refused = 0
    for number, place in enumerate(places):
        changed = json.loads(json.dumps(data))
        *parents, last = place
        holder = changed
        for part in parents:
            holder = holder[part]
        if number % (len(JUNK) + 1) == len(JUNK):
            del holder[last]
        else:
            holder[last] = JUNK[number % (len(JUNK) + 1)]
        path = tmp_path / "params.yaml"
        path.write_text(json.dumps(changed, indent=1))
        try:
            load_params(path)
        except ParamsError as failure:
            refused += 1
            assert "\n" not in str(failure)
            assert str(failure).startswith(f"{path}:")
    assert refused > len(places) // 2
