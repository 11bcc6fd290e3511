"""House rules of the ground: least privilege, an alarm for every dead letter, one template for AWS and for this machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.config import Settings
from infra.local.clients import ENVIRONMENT
from infra.local.sam import ROOT, STAGE, from_subprocess
from infra.local.template import load, resources

FUNCTIONS = {
    *("api_handler", "receive_upload", "take_custody", "ask_bank", "ask_due", "credit_filing", "seal_letter"),
    *("raise_letters", "draw_letter", "verify_letter", "log_facts", "hand_over", "take_inbound", "relay", "relay_sweep"),
}
LOGICAL = {"APIHandler": "api_handler"}


@pytest.fixture(scope="module")
def sam() -> dict[str, Any]:
    """The template as AWS gets it."""
    return from_subprocess()


def test_the_app_and_the_template_name_the_same_functions(sam: dict[str, Any]) -> None:
    assert {_snake(name) for name, _ in resources(sam, "AWS::Serverless::Function")} == FUNCTIONS
    assert {_snake(name) for name, _ in resources(load(), "AWS::Serverless::Function")} == FUNCTIONS


def test_case_76_with_a_domain_of_its_own_the_default_address_answers_no_more(sam: dict[str, Any]) -> None:
    switch = {"Fn::If": ["IsOwnDomainOnly", True, False]}
    assert sam["Resources"]["RestAPI"]["Properties"]["DisableExecuteApiEndpoint"] == switch
    assert sam["Conditions"]["IsOwnDomainOnly"] == {"Fn::Equals": [{"Ref": "OwnDomainOnly"}, "1"]}
    body = from_subprocess(code="s3://code/code.zip")["Resources"]["RestAPI"]["Properties"]["Body"]
    assert body["x-amazon-apigateway-endpoint-configuration"] == {"disableExecuteApiEndpoint": switch}


def test_every_function_has_a_role_and_a_policy_file_of_its_own(sam: dict[str, Any]) -> None:
    roles = [properties["Role"]["Fn::GetAtt"][0] for _, properties in resources(sam, "AWS::Serverless::Function")]

    assert len(set(roles)) == len(FUNCTIONS)
    for logical, properties in resources(sam, "AWS::Serverless::Function"):
        role = sam["Resources"][properties["Role"]["Fn::GetAtt"][0]]["Properties"]
        (policy,) = role["Policies"]
        file = ROOT / ".chalice" / f"policy-{_snake(logical)}.json"
        assert policy["PolicyDocument"] == json.loads(file.read_text(encoding="utf-8")), logical
    assert {path.name for path in (ROOT / ".chalice").glob("policy-*.json")} == {f"policy-{f}.json" for f in FUNCTIONS}


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_policy_allows_named_actions_on_named_resources_only(function: str) -> None:
    policy = json.loads((ROOT / ".chalice" / f"policy-{function}.json").read_text(encoding="utf-8"))

    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not [action for action in statement["Action"] if "*" in action]
        assert statement["Resource"]
        for resource in statement["Resource"]:
            assert _is_narrow(resource), (statement["Sid"], resource)


def test_only_the_sealing_function_may_use_the_seal() -> None:
    users = {
        path.stem.removeprefix("policy-")
        for path in (ROOT / ".chalice").glob("policy-*.json")
        if "SealKey" in path.read_text(encoding="utf-8")
    }
    assert users == {"seal_letter"}


def test_nobody_may_delete_from_records_or_change_a_lock() -> None:
    for path in (ROOT / ".chalice").glob("policy-*.json"):
        text = path.read_text(encoding="utf-8")
        for action in ("s3:Delete", "s3:PutObjectRetention", "s3:PutObjectLegalHold", "s3:Bypass", "kms:Schedule"):
            assert action not in text, path.name


def test_every_dead_letter_queue_has_an_alarm_and_every_queue_has_dead_letters() -> None:
    template = load()
    queues = dict(resources(template, "AWS::SQS::Queue"))
    dead = {logical for logical in queues if logical.endswith("Dead")}
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for _, alarm in resources(template, "AWS::CloudWatch::Alarm")
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 1
        for dimension in alarm["Dimensions"]
    }
    redriven = {
        properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for logical, properties in queues.items()
        if logical not in dead
    }
    assert watched == dead
    assert redriven == dead - {"RelayDead"}  # the stream's own, by DestinationConfig


def test_every_function_has_an_alarm_for_its_errors() -> None:
    watched = {
        _snake(alarm["Dimensions"][0]["Value"]["Ref"])
        for _, alarm in resources(load(), "AWS::CloudWatch::Alarm")
        if alarm["Namespace"] == "AWS/Lambda"
    }
    assert watched == FUNCTIONS


def test_no_queue_gives_a_message_to_a_second_function_while_the_first_may_still_run(sam: dict[str, Any]) -> None:
    shortest = load()["Parameters"]["RetrySeconds"]["MinValue"]
    assert max(properties["Timeout"] for _, properties in resources(sam, "AWS::Serverless::Function")) <= shortest


def test_queues_deliver_one_message_at_a_time_from_the_templates_own_queues(sam: dict[str, Any]) -> None:
    for _, function in resources(sam, "AWS::Serverless::Function"):
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                assert event["Properties"]["BatchSize"] == 1
                assert event["Properties"]["Queue"]["Fn::Sub"].endswith(".Arn}")


def test_the_code_reads_the_variables_that_the_template_sets() -> None:
    variables = load()["Globals"]["Function"]["Environment"]["Variables"]

    assert {f"TRA_{name.upper()}" for name in Settings.__dataclass_fields__} == set(variables)


@pytest.mark.slow
def test_what_this_machine_deploys_is_what_chalice_packages_but_for_the_codes_place(
    sam: dict[str, Any], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("app.py", "chalicelib", "infra"):
        (project / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / ".chalice", project / ".chalice", ignore=shutil.ignore_patterns("deployments", "venv"))
    (project / "requirements.txt").write_text(
        ""
    )  # the template does not depend on the wheels, and fetching them is slow

    subprocess.run(  # noqa: S603 - Chalice's own command
        [
            *(str(Path(sys.executable).parent / "chalice"), "package", "--stage", STAGE),
            *("--merge-template", "infra/template.yaml", str(tmp_path / "out")),
        ],
        cwd=project,
        env={**os.environ, **ENVIRONMENT},
        check=True,
        capture_output=True,
    )
    packaged = yaml.safe_load((tmp_path / "out" / "sam.yaml").read_text(encoding="utf-8"))

    assert _without_code(packaged) == _without_code(sam)


def _snake(logical: str) -> str:
    if logical in LOGICAL:
        return LOGICAL[logical]
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in logical).removeprefix("_")


def _is_narrow(resource: Any) -> bool:
    """Named by the template, or a pattern below something so named."""
    if "Fn::GetAtt" in resource or "Ref" in resource:
        return True
    text = resource["Fn::Sub"]
    below = (
        "${Quarantine.Arn}/uploads/*",
        "${Quarantine.Arn}/derived/*",
        "${Quarantine.Arn}/inbox/*",
        "${Records.Arn}/filings/*",
        "${Records.Arn}/reconciliations/*",
        "${Public.Arn}/log/*",
    )
    return "*" not in text or text in below or ":log-group:/aws/lambda/${AWS::StackName}-" in text


def _without_code(template: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(template))
    for _, properties in resources(copied, "AWS::Serverless::Function"):
        properties.pop("CodeUri")
    return copied
