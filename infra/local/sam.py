"""The template that AWS would get, made without packaging: Chalice's own stages, then its own merge with ours.

`sam()` is what `chalice package --merge-template infra/template.yaml` writes, but for the code's place (a test compares
them). `expanded()` turns it into plain CloudFormation, as AWS's transform would. Both import the app, so a caller that
wants to stay clean runs `python -m infra.local.sam ROOT [CODE]`, which prints JSON.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.clients import ENVIRONMENT
from infra.local.template import TEMPLATE

STAGE = "office"  # Chalice's one stage: how functions are built. The stages of AWS are the template's parameter
PACKAGE = "./deployment.zip"
ROOT = TEMPLATE.parents[1]
API_ID = "tra"  # the emulator is told the id, so that the address is known before the stack is made
LAYER = "AWS::Serverless::LayerVersion"
FUNCTION = "AWS::Serverless::Function"


def sam(root: Path = ROOT) -> dict[str, Any]:
    """SAM of the app under `root`, merged with its `infra/template.yaml`."""
    from chalice.cli.factory import CLIFactory
    from chalice.deploy.deployer import BaseDeployStep, DeploymentPackager
    from chalice.package import TemplateDeepMerger, YAMLTemplateSerializer

    class NoPackage(BaseDeployStep):
        """Names the code and builds nothing: no pip, no zip."""

        def handle_deploymentpackage(self, config: Any, resource: Any) -> None:  # noqa: ARG002 - Chalice's signature
            resource.filename = PACKAGE

    factory = CLIFactory(str(root))
    config = factory.create_config_obj(STAGE)
    packager: Any = factory.create_app_packager(config, factory.create_package_options(), "cloudformation", "json")
    steps = packager._resource_builder._build_stage._steps  # noqa: SLF001 - Chalice has no public door here
    steps[:] = [NoPackage() if isinstance(step, DeploymentPackager) else step for step in steps]
    built = packager._templater.generate(packager._resource_builder.construct_resources(config, STAGE))  # noqa: SLF001
    template = root / "infra" / "template.yaml"
    ours = YAMLTemplateSerializer().load_template(template.read_text(encoding="utf-8"), str(template))
    return dict(TemplateDeepMerger().merge(ours, built))


def expanded(merged: dict[str, Any], code: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """SAM → CloudFormation for this machine: code at `code`, wheels from a path in `environment` instead of layers."""
    from samtranslator.translator.transform import transform

    class NoManagedPolicies:
        """The functions name none."""

        def load(self) -> dict[str, str]:
            return {}

    for name in [name for name, resource in merged["Resources"].items() if resource["Type"] == LAYER]:
        del merged["Resources"][name]
    for resource in merged["Resources"].values():
        if resource["Type"] == FUNCTION:
            resource["Properties"] |= {"CodeUri": code, "Architectures": ["x86_64"]}
            resource["Properties"].pop("Layers", None)
    merged["Globals"]["Function"]["Environment"]["Variables"] |= environment
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    made = dict(transform(merged, {}, NoManagedPolicies()))
    made["Resources"]["RestAPI"]["Properties"]["Tags"] = [{"Key": "ms-custom-id", "Value": API_ID}]
    return made


def from_subprocess(root: Path = ROOT, code: str = "", environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`sam()` or, if `code` is given, `expanded()`, made in another process, so that the app is not imported here."""
    command = [sys.executable, "-W", "ignore", "-m", "infra.local.sam", str(root), code, json.dumps(environment or {})]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TRA_", "AWS_"))}
    done = subprocess.run(command, cwd=ROOT, env={**clean, **ENVIRONMENT}, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise RuntimeError(f"the app could not be turned into a template:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def main(arguments: list[str]) -> None:
    """Print the template as JSON."""
    os.environ.update(ENVIRONMENT)  # Chalice asks boto3 for the region
    root, code, environment = arguments if len(arguments) == 3 else [arguments[0], "", "{}"]
    merged = sam(Path(root).resolve())
    json.dump(expanded(merged, code, json.loads(environment)) if code else merged, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
