// @signpdf seals the same letter with the same key and certificates: `node signpdf.mjs KEY.p12 PASSWORD LETTER SEALED RUNS`.
// Prints the median milliseconds.

import { readFileSync, writeFileSync } from "node:fs";
import { plainAddPlaceholder } from "@signpdf/placeholder-plain";
import signpdf from "@signpdf/signpdf";
import { P12Signer } from "@signpdf/signer-p12";

const [store, passphrase, letter, sealed, runs] = process.argv.slice(2);
const body = readFileSync(letter);
const key = readFileSync(store);
const seal = async () => {
  const told = { reason: "bench", contactInfo: "", name: "", location: "here", signatureLength: 8000 };
  const prepared = plainAddPlaceholder({ pdfBuffer: body, ...told });
  return (signpdf.default ?? signpdf).sign(prepared, new P12Signer(key, { passphrase })); // a signer reads its key once and is spent
};
let made = await seal();
const times = [];
for (let run = 0; run < Number(runs); run += 1) {
  const began = process.hrtime.bigint();
  made = await seal();
  times.push(Number(process.hrtime.bigint() - began) / 1e6);
}
writeFileSync(sealed, made);
times.sort((one, other) => one - other);
console.log(times[Math.floor(times.length / 2)]);
