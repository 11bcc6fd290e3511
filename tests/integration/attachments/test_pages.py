"""The upload module and its demo page, as the service gives them: no markup from outside, nothing inline."""

import re

import pytest

from tests.faults.world import World


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/upload", "text/html"), ("/upload.js", "text/javascript"), ("/upload-page.js", "text/javascript"),
     ("/sha256.js", "text/javascript")],
)  # fmt: skip
def test_each_is_served_under_a_policy_that_lets_nothing_run_inline(world: World, path: str, kind: str) -> None:
    answer = world.request("GET", path, subject="")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(kind)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    body = answer.body.decode()
    assert "innerHTML" not in body and "eval(" not in body
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", body)


def test_the_page_loads_only_what_the_service_serves(world: World) -> None:
    body = world.request("GET", "/upload", subject="").body.decode()
    for name in re.findall(r'(?:src|href)="([^"]+)"', body):
        assert world.request("GET", f"/{name}", subject="").status == 200, name
    for module in ("/upload.js", "/upload-page.js"):
        for name in re.findall(r'from "\./([^"]+)"', world.request("GET", module, subject="").body.decode()):
            assert world.request("GET", f"/{name}", subject="").status == 200, name
