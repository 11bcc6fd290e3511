"""Letters to test with: a whole one of the reference languages, and one of a made-up office with other languages."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.money import Money
from chalicelib.signing.model import Defect, FeeLine, LetterContent, Office, Payment, ReceivedFile

RECEIVED = datetime(2026, 11, 25, 2, 33, 30, 123000, tzinfo=UTC)
ISSUED = datetime(2026, 11, 25, 2, 41, 7, 456000, tzinfo=UTC)
RECEIPT = canonical({"receiptId": "01JDT0000000000000000000AA", "files": [], "title": "កៅអី"})


def file(
    seq: int, km: str, en: str, name: str, media_type: str = "application/pdf", size: int = 48_211
) -> ReceivedFile:
    """One received file; the digest is of its name."""
    return ReceivedFile(
        seq=seq, role={"km": km, "en": en}, name=name, media_type=media_type, size=size, sha256=Digest.of(name.encode())
    )


def full_letter(**changes: Any) -> LetterContent:
    """A design application with everything a letter can hold."""
    letter = LetterContent(
        languages=("km", "en"),
        office=Office(
            name={"km": "នាយកដ្ឋានកម្មសិទ្ធិឧស្សាហកម្ម", "en": "Department of Industrial Property"},
            head=(
                {"km": "ព្រះរាជាណាចក្រកម្ពុជា", "en": "Kingdom of Cambodia"},
                {"km": "ជាតិ សាសនា ព្រះមហាក្សត្រ", "en": "Nation Religion King"},
            ),
            ministry=(
                {
                    "km": "ក្រសួងឧស្សាហកម្ម វិទ្យាសាស្ត្រ បច្ចេកវិទ្យា និងនវានុវត្តន៍",
                    "en": "Ministry of Industry, Science, Technology & Innovation",
                },
            ),
            contact=({"en": "www.dip.misti.gov.kh"},),
        ),
        letter_code="ack",
        letter_number="ACK/2026/10",
        letter_title={"km": "លិខិតបញ្ជាក់ការទទួលពាក្យសុំ", "en": "Acknowledgement of receipt"},
        issued_at=ISSUED,
        time_zone="Asia/Phnom_Penh",
        application_number="KH/D/2026/10",
        ipas_number=("KH", "D", "2026", "10"),
        st13_number="KH30202600000010",
        kind={"km": "គំនូរឧស្សាហកម្ម", "en": "Industrial design"},
        route={"km": "ដាក់ពាក្យជាតិ", "en": "National filing"},
        received_at=RECEIVED,
        filing_date=date(2026, 11, 25),
        applicants=(
            {"km": "ក្រុមហ៊ុន តេស្ត ឌីហ្សាញ ឯ.ក", "en": "Test Design Co., Ltd."},
            {"km": "លោកស្រី សុខ ចាន់ធី", "en": "Ms Sok Chanthy"},
        ),
        agent={"km": "ការិយាល័យភ្នាក់ងារ មេគង្គ", "en": "Mekong Agents Office"},
        reference="TD-2026-117/KH",
        title={"km": "កៅអីឫស្សីសម្រាប់ប្រើក្នុងផ្ទះ", "en": "Bamboo chair for household use"},
        files=(
            file(1, "រូបតំណាងគំនូរ", "Representation of the design", "chair-front.png", "image/png", 1_204_331),
            file(2, "រូបតំណាងគំនូរ", "Representation of the design", "កៅអី ខាងឆ្វេង.png", "image/png", 998_120),
            file(3, "លិខិតប្រគល់សិទ្ធិ", "Power of attorney", "power-of-attorney (signed).pdf"),
            file(4, "ឯកសារអាទិភាព", "Priority document", "priority_JP2026-001234.pdf", size=2_481_002),
        ),
        form_sha256=Digest.of(b"form"),
        manifest_sha256=Digest.of(b"manifest"),
        receipt_sha256=Digest.of(RECEIPT),
        payment=Payment(
            lines=(
                FeeLine(
                    code="design.filing",
                    label={"km": "កម្រៃដាក់ពាក្យសុំគំនូរឧស្សាហកម្ម", "en": "Industrial design filing fee"},
                    amount=Money(320_000, "KHR"),
                ),
                FeeLine(
                    code="design.extra",
                    label={"km": "គំនូរបន្ថែម", "en": "Additional design"},
                    amount=Money(80_000, "KHR"),
                ),
            ),
            total=Money(400_000, "KHR"),
            paid_at=datetime(2026, 11, 25, 2, 40, 58, tzinfo=UTC),
            reference="TRA26112500000010",
            demo=True,
        ),
        defects=(
            Defect(
                code="poa.original-missing",
                message={"km": "ច្បាប់ដើមនៃលិខិតប្រគល់សិទ្ធិមិនទាន់មាន។", "en": "The original power of attorney is missing."},
                what_to_do={"km": "សូមដាក់ច្បាប់ដើមដែលមានការបញ្ជាក់។", "en": "File the notarised original."},
                by=date(2027, 1, 25),
            ),
        ),
        next_steps=(
            {
                "km": "ការិយាល័យនឹងពិនិត្យបែបបទនៃពាក្យសុំ ហើយជូនដំណឹងដល់លោកអ្នក។",
                "en": "The office examines the formalities of the application and writes to you.",
            },
            {
                "km": "សូមរក្សាលិខិតនេះ និងលេខពាក្យសុំ សម្រាប់ការទំនាក់ទំនងបន្ទាប់។",
                "en": "Keep this letter and use the application number in all further correspondence.",
            },
        ),
        verification_url="https://tra.example/r/KH-D-2026-10",
        trust_label={"km": "ហត្ថលេខាសាកល្បង មិនសម្រាប់ប្រើប្រាស់", "en": "Test trust, not for use"},
    )
    return dataclasses.replace(letter, **changes)


FRENCH: dict[str, Any] = {
    "digits": "0123456789",
    "months": ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
               "novembre", "décembre"],
    "date": "le {day} {month} {year}",
    "moment": "{date} à {time} ({zone})",
    "group": "\u202f",
    "decimal": ",",
    "letter_number": "Lettre nº",
    "issued": "Date de la lettre",
    "intro": "L’{office} confirme avoir reçu la demande décrite ci-dessous.",
    "application_number": "Numéro de la demande",
    "other_numbers": "Dans d’autres systèmes",
    "kind": "Type de demande",
    "route": "Voie",
    "received": "Reçu, complet",
    "filing_date": "Date de dépôt",
    "applicant": "Déposant",
    "agent": "Mandataire",
    "reference": "Référence du déposant",
    "title": "Titre",
    "files": "Fichiers reçus : {count}",
    "file_no": "Nº",
    "file_document": "Document, nom du fichier et SHA-256",
    "file_type": "Type",
    "file_size": "Taille (octets)",
    "files_note": "Chaque valeur SHA-256 a été calculée par l’office sur le fichier tel que reçu.",
    "digests": "Empreintes de l’ensemble (SHA-256)",
    "form_digest": "Formulaire",
    "manifest_digest": "Liste des fichiers",
    "receipt_digest": "Récépissé (receipt.json, joint à cette lettre)",
    "payment": "Paiement reçu",
    "fee": "Taxe",
    "amount": "Montant",
    "total": "Total",
    "paid_at": "Payé",
    "payment_reference": "Référence du paiement",
    "demo": "Montant de démonstration, pas une taxe officielle",
    "defects": "Ce qu’il reste à compléter",
    "by_when": "À faire avant {date}.",
    "next": "La suite",
    "verify": "Vérifier cette lettre",
    "verify_how": "Scannez le code ou ouvrez l’adresse.",
    "qr_alt": "Code QR : {url}",
    "seal": "Cachet électronique",
    "seal_alt": "Cachet électronique de l’{office}",
    "seal_note": "Le cachet protège tout ce fichier. Tout changement l’invalide.",
    "page": "Page {page} sur {pages}",
    "unprintable": "Un signe absent des polices est montré par son code, tel que [U+0041].",
}  # fmt: skip


def second_office_letter(**changes: Any) -> LetterContent:
    """A made-up office: other languages, numbers, currency, zone; no head, no payment label, no IPAS number."""
    other: dict[str, Any] = {
        "languages": ("fr", "en"),
        "words": {"fr": FRENCH},
        "office": Office(name={"fr": "Office atlante de la propriété", "en": "Atlantis Property Office"}),
        "letter_title": {"fr": "Accusé de réception", "en": "Acknowledgement of receipt"},
        "time_zone": "Europe/Paris",
        "application_number": "P 12/000345",
        "ipas_number": None,
        "st13_number": "",
        "kind": {"fr": "Brevet", "en": "Patent"},
        "route": {"fr": "Dépôt national", "en": "National filing"},
        "applicants": ({"fr": "Société générale d’éléments"},),
        "agent": None,
        "reference": "",
        "title": {"fr": "Charnière étanche", "en": "Watertight hinge"},
        "files": (
            ReceivedFile(
                seq=1,
                role={"fr": "Description", "en": "Description"},
                name="description.pdf",
                media_type="application/pdf",
                size=1_234_567,
                sha256=Digest.of(b"d"),
            ),
        ),
        "payment": Payment(
            lines=(FeeLine(code="depot", label={"fr": "Taxe de dépôt"}, amount=Money(1_234_550, "EUR")),),
            total=Money(1_234_550, "EUR"),
            paid_at=ISSUED,
            reference="F-1",
        ),
        "defects": (),
        "next_steps": (),
        "trust_label": None,
        "filing_date": None,
    }
    return full_letter(**{**other, **changes})
