"""endesive seals the same letter with the same key and certificates. Runs in `.judges`, where endesive is installed.

`python endesive_seal.py KEY.p12 PASSWORD LETTER.pdf SEALED.pdf RUNS`; prints the median milliseconds.
"""

import importlib
import statistics
import sys
import time
import types
from pathlib import Path

from cryptography.hazmat.primitives.serialization import pkcs12

# Its package imports its verifier, whose library (oscrypto) refuses newer OpenSSLs; only its signer is timed.

verifier = types.ModuleType("endesive.verifier")
verifier.__dict__["SignatureVerifier"] = object
sys.modules["endesive.verifier"] = verifier
cms = importlib.import_module("endesive.pdf.cms")

store, password, letter, sealed, runs = sys.argv[1:]
key, certificate, others = pkcs12.load_key_and_certificates(Path(store).read_bytes(), password.encode())
body = Path(letter).read_bytes()
told = {
    "sigflags": 3, "sigpage": 0, "contact": "", "location": "here", "reason": "bench", "signingdate": "20261125000000+00'00'",
    "aligned": 16000,
}  # fmt: skip
times = []
added = b""
for _ in range(int(runs) + 1):
    began = time.perf_counter()
    added = cms.sign(body, told, key, certificate, others, "sha256")
    times.append((time.perf_counter() - began) * 1000)
Path(sealed).write_bytes(body + added)
sys.stdout.write(f"{statistics.median(times[1:])}\n")
