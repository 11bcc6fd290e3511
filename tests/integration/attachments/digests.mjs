/* Compares the module's SHA-256 with Node's, at every length that matters and in pieces of every size. */

import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";

const { Sha256 } = await import(pathToFileURL(process.argv[2]));
for (let length = 0; length < 300; length += 1) {
  const bytes = Uint8Array.from({ length }, (_, at) => (at * 7 + length) % 256);
  const piece = 1 + (length % 97);
  const running = new Sha256();
  for (let at = 0; at < length; at += piece) running.update(bytes.subarray(at, at + piece));
  if (running.hex() !== createHash("sha256").update(bytes).digest("hex")) throw new Error(String(length));
}
process.stdout.write("300 lengths");
