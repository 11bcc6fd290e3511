/* A browser's part, played by Node: sends one file with the module that pages use, and dies by SIGKILL once so many bytes of
   parts were handed to storage. What to do comes as JSON in the argument; the result goes to standard output as JSON. */

import { openAsBlob, appendFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const asked = JSON.parse(process.argv[2]);
const { Uploader, WrongFile, Refused } = await import(pathToFileURL(asked.module));
let left = asked.bytes;

async function fused(url, options) {
  if (options.method === "PUT") {
    appendFileSync(asked.log, `${new URL(url).searchParams.get("partNumber")}\n`);
    left -= options.body.byteLength;
    if (left <= 0) process.kill(process.pid, "SIGKILL");
  } else if (options.body instanceof FormData) {
    appendFileSync(asked.log, "form\n");
  }
  return fetch(url, options);
}

const file = await openAsBlob(asked.path);
const states = [];
const uploader = new Uploader({ api: asked.api, token: () => asked.token, fetch: fused, told: ({ step }) => states.push(step) });
const said = { document: asked.document, name: asked.name, mediaType: asked.media_type };
let result;
try {
  result = asked.resume ? await uploader.resume(asked.filing, asked.resume, file) : await uploader.send(asked.filing, file, said);
  result = { id: result?.id, steps: [...new Set(states)] };
} catch (error) {
  if (error instanceof WrongFile) result = { wrong: error.message };
  else if (error instanceof Refused) result = { refused: error.status, findings: error.problem.findings.map((one) => one.code) };
  else throw error;
}
process.stdout.write(JSON.stringify(result));
