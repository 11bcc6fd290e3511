"""S3's notices as the queue brings them."""

import json

import pytest

from chalicelib.attachments.notices import arrivals


def notice(key: str, version: str | None = "v1") -> str:
    thing = {"key": key, "size": 1} | ({"versionId": version} if version else {})
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Post", "s3": {"object": thing}}]})


def test_a_notice_names_key_and_version() -> None:
    assert list(arrivals(notice("uploads/a/b/c"))) == [("uploads/a/b/c", "v1")]


def test_a_key_comes_escaped_as_in_a_form() -> None:
    assert list(arrivals(notice("uploads%2Fa+b/%E1%9E%80"))) == [("uploads/a b/ក", "v1")]


def test_a_bucket_without_versions_names_none() -> None:
    assert list(arrivals(notice("k", None))) == [("k", None)]


def test_the_test_message_of_s3_is_no_arrival() -> None:
    assert list(arrivals('{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}')) == []


def test_a_scan_result_names_the_object_and_its_verdict_is_not_believed() -> None:
    result = {
        "source": "aws.guardduty",
        "detail-type": "GuardDuty Malware Protection Object Scan Result",
        "detail": {
            "s3ObjectDetails": {"bucketName": "b", "objectKey": "uploads/a b/c", "versionId": "v7"},
            "scanResultDetails": {"scanResultStatus": "NO_THREATS_FOUND"},
        },
    }
    assert list(arrivals(json.dumps(result))) == [("uploads/a b/c", "v7")]


def test_what_is_not_a_notice_raises_so_that_people_look() -> None:
    with pytest.raises((ValueError, KeyError)):
        list(arrivals("not json"))
