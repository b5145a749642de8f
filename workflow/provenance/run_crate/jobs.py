"""One job of the flow, as an action of a crate."""

import json

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from ebmrepro.flow.jobs import Job
from ebmrepro.params.root import Params
from ebmrepro.provenance.written import record_file
from run_crate.files import Files, compact

# Units of UN/CEFACT's recommendation 20, as QUDT and schema.org write them.
USAGE = {"cpu_seconds": "SEC", "peak_memory_mb": "4L", "peak_gpu_memory_mb": "4L"}
IMAGE_TERMS = "https://w3id.org/ro/terms/workflow-run#"


def describe_job(crate: ROCrate, params: Params, job: Job, record: dict, tool, files: Files):
    """Add the action of `job` to the crate: tool, parameters, inputs, outputs, times, machine."""
    identity = f"{job.stage.name}/{job.item}"
    where = record["machine"]
    action = crate.add_action(
        tool,
        identifier=f"#job/{identity}",
        properties={
            "name": job.command,
            "description": (
                f"{where['gpu'] or where['processor']}, {where['system']}, Python {where['python']}, "
                f"{len(record['attempts'])} start(s)"
            ),
            "startTime": record["attempts"][0]["started"],
            "endTime": record["ended"],
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    action["object"] = compact([*_inputs(job, record, files), *_parameters(crate, identity, job)])
    action["result"] = compact([files[path] for path in job.outputs])
    action["subjectOf"] = files.plain(str(record_file(params.preset, job.stage.name, job.item)))
    action["resourceUsage"] = [
        _value(crate, f"#usage/{identity}/{name}", name, record["usage"][name], unit)
        for name, unit in USAGE.items()
        if record["usage"][name] is not None
    ]
    if record["environment"]["image"]:
        action["containerImage"] = _image(crate, record["environment"]["image"])
    return action


def _inputs(job: Job, record: dict, files: Files) -> list:
    found = []
    for path, sha256 in record["inputs"].items():
        made = files.below(path)
        if path == "params.yaml":
            made = [files.plain(path)]
        # What no job made was brought by the user, and may not be theirs to pass on.
        found += made or [files.named(path, sha256)]
    return found


def _parameters(crate: ROCrate, identity: str, job: Job) -> list:
    return [
        _value(crate, f"#parameter/{identity}/{key}", key, json.dumps(value, sort_keys=True))
        for key, value in job.settings.items()
    ]


def _value(crate: ROCrate, identifier: str, name: str, value, unit: str | None = None):
    properties = {"@type": "PropertyValue", "name": name, "value": value}
    if unit is not None:
        # The profile asks for an identifier of what is measured; ours are the names in the record.
        properties |= {"propertyID": f"#{name}", "unitCode": unit}
    return crate.add(ContextEntity(crate, identifier, properties))


def _image(crate: ROCrate, digest: str):
    properties = {
        "@type": "ContainerImage",
        "additionalType": {"@id": f"{IMAGE_TERMS}DockerImage"},
        "name": digest.partition("@")[0],
        "sha256": digest.rpartition("sha256:")[2],
    }
    return crate.add(ContextEntity(crate, f"#image/{digest}", properties))
