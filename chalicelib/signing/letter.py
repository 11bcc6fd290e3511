"""Letters and seal panels drawn by typst: PDF/A-3a and PDF/UA-1 in one file, the same input always the same bytes.

- Data reaches the template as JSON, never as markup; nothing in a name can become an instruction.
- Only the fonts of `fonts.json` are used; what they cannot print is shown by code (`glyphs.py`), never a failure.
- The clock of the file is the letter's own time, so that a repeat draws the same bytes.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import canonical
from chalicelib.kernel.text import nfc
from chalicelib.proof.entries import receipt_entry
from chalicelib.signing import qr
from chalicelib.signing.glyphs import Coverage
from chalicelib.signing.model import LetterContent, Panel
from chalicelib.signing.press import Press
from chalicelib.signing.report_content import ReportContent, present_report
from chalicelib.signing.wording import Wording, Written, present

LETTER, PICTURE = ("a-3a", "ua-1"), ("a-2u",)
RECEIPT_NAME = "receipt.json"
PANEL_BOX = (
    300.47,
    68.03,
    538.58,
    170.08,
)  # points from the lower left: 106, 24, 190, 60 mm; the template keeps it free


@dataclass(frozen=True)
class TypstLetters:
    """Draws letters with the fonts in `fonts_dir` (`vendor/fonts`, in a Lambda `fonts`)."""

    fonts_dir: Path

    @cached_property
    def press(self) -> Press:
        """Where they are drawn."""
        return Press(self.fonts_dir)

    def render(self, content: LetterContent, *, receipt: bytes, name: str = RECEIPT_NAME) -> bytes:
        """The letter as PDF, `receipt` (canonical JSON, UTF-8) attached as `name`. MissingWords if a language lacks labels."""
        letter = self._shown(present(content))
        letter["title"] = self._plain_title(letter)
        inputs = {
            "letter": letter,
            "qr": qr.svg(content.verification_url + (f"&proof={content.proof}" if content.proof else "")),
            "receipt": receipt.decode("utf-8"),
            "receipt_name": name,
            "proof": _proof(content) if content.proof else "",
            "mark": content.office.mark_svg,
        }
        return self.press.draw("letters.typ", inputs, at=content.issued_at, standards=LETTER)

    def report(self, content: ReportContent, *, rows: bytes) -> bytes:
        """The report of a day as PDF, its rows (canonical JSON, UTF-8) attached. MissingWords if a language lacks labels."""
        shown = self._shown(present_report(content))
        shown["title"] = nfc(" · ".join([*(run["text"] for run in shown["letter_title"]), content.day.isoformat()]))
        inputs = {"letter": shown, "report": rows.decode("utf-8"), "mark": content.office.mark_svg}
        return self.press.draw("report.typ", inputs, at=content.made_at, standards=LETTER)

    def panel(self, content: Written, *, sealed_by: str, sealed_at: datetime) -> Panel:
        """The visible seal, a picture of the field's size that the sealer lays over the place kept free for it."""
        say = Wording.of(content)
        shown = self._shown(
            {
                "labels": {"seal": say.label("seal")},
                "office": say.texts(content.office.name),
                "by": sealed_by,
                "at": say.texts(say.moment(sealed_at)),
                "alt": say.label("seal_alt", office=content.office.name)[0]["text"],
            }
        )
        x1, y1, x2, y2 = PANEL_BOX
        inputs = {"panel": shown, "width": x2 - x1, "height": y2 - y1, "mark": content.office.mark_svg}
        drawn = self.press.draw("seal.typ", inputs, at=sealed_at, standards=PICTURE)
        return Panel(pdf=drawn, box=PANEL_BOX, description=shown["alt"])

    @cached_property
    def fonts(self) -> dict[str, Any]:
        """The font list: which families print which language, and the wider ones behind them all, for names from afar."""
        listed: dict[str, Any] = json.loads(files("chalicelib.signing").joinpath("fonts.json").read_text("utf-8"))
        return listed

    @cached_property
    def coverage(self) -> Coverage:
        """What the families that stand behind every text can print."""
        families = [*self.fonts["text"]["*"], *self.fonts["wider"]]
        return Coverage.of(
            [
                [self.fonts_dir / row["file"] for row in self.fonts["files"] if row.get("family") == family]
                for family in families
            ]
        )

    def _shown(self, value: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self.coverage.printable(value)
        fonts = {
            use: {language: [*families, *self.fonts["wider"]] for language, families in self.fonts[use].items()}
            for use in ("text", "heading", "digits")
        }
        return {**shown, "fonts": fonts, "substituted": _codes(shown) > _codes(value)}

    @staticmethod
    def _plain_title(letter: dict[str, Any]) -> str:
        return nfc(" · ".join([*(run["text"] for run in letter["letter_title"]), letter["number"]]))


def _proof(content: LetterContent) -> str:
    """The log's entry of the receipt and its proof, as `tra-verify` takes them. ValueError without a receipt to prove."""
    if content.received_at is None or content.receipt_sha256 is None:
        raise ValueError("a proof is of a receipt")
    entry = receipt_entry(
        number=content.application_number,
        received_at=stamp(content.received_at),
        receipt_sha256=content.receipt_sha256.hex,
    )
    receipt = base64.urlsafe_b64decode(content.proof + "=" * (-len(content.proof) % 4))
    return canonical({"entry": entry.decode(), "receipt": base64.b64encode(receipt).decode()}).decode()


def _codes(value: Any) -> int:
    return json.dumps(value, ensure_ascii=False).count("[U+")
