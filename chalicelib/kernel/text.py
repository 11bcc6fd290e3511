"""Text as people type it: kept in NFC, never folded; what would hide or reorder other text is refused.

ZWSP, ZWNJ and ZWJ are ordinary in Khmer and pass. Controls (but line breaks and tabs), bidirectional overrides and
isolates, and the byte order mark are refused (Unicode 16, TR 36 section 3.2). Look-alikes are a later, separate key.
"""

import unicodedata

_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF}


def nfc(text: str) -> str:
    """Canonical composition: the only change ever made to what was typed, besides trimming."""
    return unicodedata.normalize("NFC", text)


def forbidden_characters(text: str, *, line_breaks: bool = False) -> str:
    """The code points (`U+202E U+0000`) that may not stand in `text`; empty if none."""
    allowed = {"\n", "\t"} if line_breaks else set()
    found = {
        character
        for character in text
        if character not in allowed
        and (unicodedata.category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} or ord(character) in _BIDI)
    }
    return " ".join(f"U+{ord(character):04X}" for character in sorted(found))


def file_label(name: str, limit: int = 200) -> str:
    """A sender's file name as a harmless label: last path part, no controls, no soft hyphens, NFC, at most `limit`
    characters with the ending kept. Never used as a key or a path."""
    name = nfc(name.replace("\\", "/").rsplit("/", 1)[-1]).replace("\u00ad", "")
    name = "".join(" " if forbidden_characters(character) else character for character in name)
    name = " ".join(name.split()) or "file"
    if len(name) <= limit:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: limit - len(ending) - 2]}…{dot}{ending}" if dot and len(ending) <= 10 else name[: limit - 1] + "…"
