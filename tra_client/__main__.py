"""`python -m tra_client API FILING DOCUMENT FILE`: sends one file; run again, it goes on. The token comes from TRA_TOKEN."""

import argparse
import mimetypes
import os
import sys
from pathlib import Path

from tra_client.office import Office, Refused
from tra_client.uploads import SendingFailed, WrongFile


def main(arguments: list[str]) -> int:
    """0 when it is sent; 1 with the reason when it is not."""
    reading = argparse.ArgumentParser(prog="tra_client", description=__doc__)
    reading.add_argument("api", help="address of the office's API: https://…")
    reading.add_argument("filing", help="id of the draft")
    reading.add_argument("document", help="kind of document: design-views, description …")
    reading.add_argument("file", type=Path)
    asked = reading.parse_args(arguments)
    media_type = mimetypes.guess_type(asked.file.name)[0] or "application/octet-stream"

    def told(sent: int, size: int) -> None:
        sys.stderr.write(f"\r{sent:,} of {size:,} bytes")

    office = Office(api=asked.api, token=lambda: os.environ["TRA_TOKEN"], told=told)
    try:
        attachment = office.send(asked.filing, asked.file, document=asked.document, media_type=media_type)
    except (Refused, SendingFailed, WrongFile, OSError) as error:
        sys.stderr.write(f"\nnot sent: {error}\n")
        return 1
    sys.stdout.write(f"{attachment['id']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
