"""Words for findings: what is wrong and what to do next, in the office's languages. Codes are the contract, words are not."""

from collections.abc import Mapping

from chalicelib.kernel.errors import Finding
from chalicelib.offices.model import Office


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def words(office: Office, finding: Finding) -> Mapping[str, tuple[str, str]]:
    """Language → (message, action) of a finding. A code without words is shown as itself rather than failing; a `reason` among
    what fills the words is a code too, and is said in its own words."""
    known = office.messages.get(finding.code, {})
    result = {}
    for language in office.languages:
        message, action = known.get(language) or known.get("en") or (finding.code, "")
        values = _Blank(finding.params)
        if reason := office.messages.get(finding.params.get("reason", "")):
            values["reason"] = (reason.get(language) or reason["en"])[0].rstrip(" .។")
        result[language] = (message.format_map(values), action.format_map(values))
    return result
