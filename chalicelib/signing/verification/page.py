"""The page on which people check a letter: whole without scripts, in one language at a time, nothing from elsewhere.

Words are data (`pages/<language>.json`); a language without any gets English. Everything put in is escaped.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

REFERENCE = "en"
GOOD = {"exact", "superseded", "registered"}
CARE = {"unknown", "other-number"}

Said = Mapping[str, Any]  # an answer of `Verify`


@cache
def words(language: str) -> Mapping[str, str]:
    """The page's words; English for a language that has none."""
    path = files("chalicelib.signing").joinpath("pages", f"{language}.json")
    path = path if path.is_file() else files("chalicelib.signing").joinpath("pages", f"{REFERENCE}.json")
    found: Mapping[str, str] = json.loads(path.read_text("utf-8"))
    return found


def own_name(language: str) -> str:
    """What a language calls itself; its code, if it has no words here."""
    found = words(language)
    return found["own_name"] if found["code_of_language"] == language else language


def page(languages: Sequence[str], language: str, *, number: str = "", said: Said | None = None) -> str:
    """The whole page."""
    say = {name: escape(text) for name, text in words(language).items()}
    others = " ".join(
        f'<a href="verify?{escape(urlencode({"lang": one, **({"number": number} if number else {})}))}" '
        f'lang="{one}" hreflang="{one}">{escape(own_name(one))}</a>'
        for one in languages
        if one != language
    )
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{say["title"]}</title>
<link rel="stylesheet" href="verify.css">
<script type="module" src="verify.js"></script>
</head>
<body>
<header><nav aria-label="{say["language"]}">{others}</nav></header>
<main>
<h1>{say["title"]}</h1>
<div id="verdict" role="status" aria-live="polite" tabindex="-1">{_verdict(said, language, say) if said else ""}</div>
<form id="by-file" method="post" action="verify" enctype="multipart/form-data">
<h2>{say["by_file"]}</h2>
<p id="where">{say["where_file_goes"]}</p>
<p id="here" hidden>{say["file_stays"]}</p>
<input type="hidden" name="lang" value="{language}">
<label for="file">{say["file"]}</label>
<input id="file" name="file" type="file" accept="application/pdf,.pdf" required>
<details><summary>{say["more"]}</summary>
<label for="number">{say["number"]}</label>
<input id="number" name="number" value="{escape(number)}" maxlength="40" autocomplete="off">
<label for="attachment">{say["attachments"]}</label>
<input id="attachment" name="attachment" type="file" multiple>
</details>
<button>{say["check"]}</button>
<p class="problem" id="too-large" role="alert" hidden>{say["too_large"]}</p>
<p class="problem" id="failed" role="alert" hidden>{say["failed"]}</p>
</form>
<form id="by-number" method="post" action="verify" enctype="multipart/form-data">
<h2>{say["by_number"]}</h2>
<p>{say["by_number_how"]}</p>
<input type="hidden" name="lang" value="{language}">
<label for="of">{say["number"]}</label>
<input id="of" name="number" value="{escape(number)}" maxlength="40" required autocomplete="off">
<label for="code">{say["code"]}</label>
<input id="code" name="code" required minlength="16" maxlength="79" autocomplete="off" spellcheck="false">
<button>{say["check"]}</button>
</form>
<p><a href="verify-offline.html" download>{say["offline"]}</a></p>
</main>
</body>
</html>
"""


def offline(trust: Mapping[str, Any]) -> str:
    """The page to keep: everything in one file, the office's public keys within, no network."""
    template = files("chalicelib.proof").joinpath("verify-offline.html").read_text("utf-8")
    return template.replace('"TRUST"', json.dumps(trust, ensure_ascii=False).replace("<", "\\u003c"), 1)


def _verdict(said: Said, language: str, say: Mapping[str, str]) -> str:
    verdict = str(said["verdict"])
    kind = "good" if verdict in GOOD else "care" if verdict in CARE else "bad"
    rows = [*_letter(said, say), *_receipt(said, say), *_files(said, say)]
    if "sha256" in said:
        rows.append((say["digest"], f"<code>{escape(str(said['sha256']))}</code>"))
    changes = "".join(f"<li>{_in(one['message'], language)}</li>" for one in said.get("changes", ()))
    return (
        f'<section class="{kind}" data-verdict="{escape(verdict)}"><h2>{_in(said["message"], language)}</h2>'
        f"<p>{_in(said['action'], language)}</p>"
        + (f"<h3>{say['changes']}</h3><ul>{changes}</ul>" if changes else "")
        + "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"
        + (f'<button id="send" type="button" hidden>{say["send"]}</button>' if verdict == "unknown" else "")
        + "</section>"
    )  # fmt: skip


def _letter(said: Said, say: Mapping[str, str]) -> list[tuple[str, str]]:
    letters = [*([said["letter"]] if "letter" in said else []), *said.get("letters", ())]
    return [
        row
        for one in letters
        for row in (
            (say["letter"], escape(str(one["number"]))),
            (say["number"], escape(str(one["application_number"]))),
            (say["issued_at"], escape(str(one["issued_at"]))),
            (say["level"], escape(str(one["level"]).upper())),
        )
    ]


def _receipt(said: Said, say: Mapping[str, str]) -> list[tuple[str, str]]:
    if said["verdict"] != "registered":
        return []
    return [
        (say["number"], escape(str(said["number"]))),
        (say["received_at"], escape(str(said["received_at"]))),
        (say["files"], escape(str(said["files"]))),
        (say["receipt_digest"], f"<code>{escape(str(said['receipt_sha256']))}</code>"),
    ]


def _files(said: Said, say: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (say["attachment"], f"{say['filed'] if one['filed'] else say['not_filed']} <code>{escape(str(one['sha256']))}</code>")
        for one in said.get("attachments", ())
    ]


def _in(texts: Mapping[str, str], language: str) -> str:
    return escape(texts.get(language) or next(iter(texts.values()), ""))
