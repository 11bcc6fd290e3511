"""Officers at their desk, through the public API: people who prepare letters and approve each other's."""

from typing import Any

from chalicelib.web.principal import account
from tests.faults.world import ISSUER, Reply, World
from tests.unit.signing.officers import person

KEYS = iter(range(10_000))


def named(subject: str) -> str:
    """The account of somebody in this world."""
    return account(ISSUER, subject)


def staffed(world: World) -> None:
    """The office names its officers: Dara and Malis."""
    officers = (
        person(named("dara"), "សុខ ដារ៉ា", "Sok Dara", "មន្ត្រីពិនិត្យ", "Examiner", "prepare", "approve"),
        person(named("malis"), "ចាន់ ម៉ាលីស", "Chan Malis", "ប្រធានការិយាល័យ", "Head of section", "prepare", "approve"),
    )
    world.office = world.office.model_copy(update={"officers": officers})
    world.cold()


def desk(
    world: World, who: str, method: str, path: str, body: Any = None, *, key: str = "", role: str = "officer",
    accept: str = "application/json",
) -> Reply:  # fmt: skip
    """A request of somebody with the role, under a key of its own."""
    headers = {
        "Authorization": f"Bearer {world._token(who, roles=(role,))}",
        "Accept": accept,
        "Idempotency-Key": key or f"officer-{next(KEYS):05d}",
    }
    return world.request(method, f"/v1/desk{path}", body, subject="", headers=headers)


def wanted(number: str, *codes: str) -> dict[str, Any]:
    """A request for additional documents with these points."""
    points = [
        {
            "code": code,
            "message": {"km": "ខ្វះលិខិតប្រគល់សិទ្ធិច្បាប់ដើម។", "en": "The original of the power of attorney is missing."},
            "what_to_do": {"km": "សូមដាក់ច្បាប់ដើម។", "en": "File the original."},
            "by": "2027-01-25",
        }
        for code in codes
    ]
    return {"number": number, "document": "request-documents", "content": {"points": points}}


def seen(*letters: dict[str, Any]) -> dict[str, Any]:
    """An approval of letters as they were read."""
    return {"letters": [{"letter": one["id"], "content_sha256": one["content_sha256"]} for one in letters]}
