/* Sends files so that nothing is lost and nothing is sent twice. Plain JavaScript, no dependency, no markup; the same steps as
   the office's Python client:

   1. Announce the file with its SHA-256. What is stored already is not sent; what was begun, on any device, is gone on with.
   2. Ask for the parts that arrived, compare each with the file in hand (another file is found out here), and send what is
      missing, a few at a time, each to an address bound to its digest. What fails in passing is tried again, later each time;
      while the browser is offline it waits.
   3. Complete. Every step may be repeated; the page may be closed anywhere: nothing is kept on this side. */

import { Sha256 } from "./sha256.js";

const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const EXPIRED = 403; // an address lives a quarter of an hour: ask for another
const CHUNK = 4 * 1024 * 1024;
const TRIES = 7;

/** This is not the file that was begun. */
export class WrongFile extends Error {}

/** The service refused; `problem` is its answer (RFC 9457), with findings in Khmer and English. */
export class Refused extends Error {
  constructor(status, problem) {
    super(`refused: ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** Neither storage nor service took it, however often it was tried. Try again later: what was sent stays sent. */
export class SendingFailed extends Error {}

export class Uploader {
  /** `token`: a function that gives the bearer token. `told(state)` hears of progress: {step, sent, size}. */
  constructor({ api, token, fetch = globalThis.fetch.bind(globalThis), told = () => {}, pause = wait, signal }) {
    Object.assign(this, { api, token, fetch, told, pause, signal });
  }

  /** Announce and send a file. Answers the attachment as the service knows it. */
  async send(filing, file, { document, name = file.name, mediaType = file.type }) {
    this.told({ step: "reading", sent: 0, size: file.size });
    const sha256 = await this.#digest(file);
    const said = { document, name, media_type: mediaType, size: file.size, sha256 };
    const key = { "Idempotency-Key": crypto.randomUUID() };
    const attachment = await this.#ask("POST", `/v1/filings/${filing}/attachments`, said, key);
    const { upload } = attachment;
    if (upload?.method === "PUT") await this.#inParts(file, upload);
    else if (upload?.method === "POST") await this.#whole(file, upload);
    this.told({ step: "sent", sent: file.size, size: file.size });
    return attachment;
  }

  /** Go on with a file that was begun in parts; WrongFile if this is another. */
  async resume(filing, attachment, file) {
    const here = `/v1/filings/${filing}/attachments/${attachment}`;
    const upload = { parts: `${here}/parts`, completion: `${here}/completion` };
    await this.#inParts(file, upload);
    this.told({ step: "sent", sent: file.size, size: file.size });
  }

  async #inParts(file, upload) {
    const listing = await this.#listing(file, upload.parts);
    if (!["open", "expired"].includes(listing.state)) return;
    const sized = (number) => Math.min(listing.part_size, file.size - (number - 1) * listing.part_size);
    const there = new Set(listing.parts.map((part) => part.number));
    const missing = Array.from({ length: listing.count }, (_, at) => at + 1).filter((number) => !there.has(number));
    let sent = [...there].reduce((sum, number) => sum + sized(number), 0);
    this.told({ step: "sending", sent, size: file.size });
    const lane = async () => {
      for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
        await this.#part(file, upload.parts, number, listing.part_size);
        sent += sized(number);
        this.told({ step: "sending", sent, size: file.size });
      }
    };
    await Promise.all(Array.from({ length: upload.at_once ?? 3 }, lane));
    await this.#ask("POST", upload.completion);
  }

  /** All parts that arrived, each compared with the file in hand. */
  async #listing(file, path) {
    const whole = await this.#ask("GET", path);
    for (let page = whole; page.next !== null; whole.parts.push(...page.parts)) {
      page = await this.#ask("GET", `${path}?after=${page.next}`);
    }
    if (whole.size !== file.size) throw new WrongFile(`it has ${file.size} bytes, what was begun has ${whole.size}`);
    for (const part of whole.parts.filter((one) => one.sha256)) {
      if ((await digestOf(await pieceOf(file, part.number, whole.part_size))) !== part.sha256) {
        throw new WrongFile(`part ${part.number} differs`);
      }
    }
    return whole;
  }

  async #part(file, path, number, partSize) {
    const body = await pieceOf(file, number, partSize);
    const asked = { parts: [{ number, sha256: await digestOf(body) }] };
    await this.#again(async () => {
      const { parts } = await this.#ask("POST", path, asked);
      const headers = Object.fromEntries(Object.entries(parts[0].headers).filter(([name]) => !/^(host|content-length)$/i.test(name)));
      return this.fetch(parts[0].url, { method: "PUT", headers, body, signal: this.signal });
    }, `part ${number}`);
  }

  async #whole(file, { url, fields }) {
    await this.#again(() => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append("file", file);
      return this.fetch(url, { method: "POST", body: form, signal: this.signal });
    }, "the file");
  }

  /** Until it is taken; SendingFailed if it is refused for good, or too often. */
  async #again(act, what) {
    let said = "no answer";
    for (let tried = 0; tried < TRIES; tried += 1) {
      await online();
      const answer = await act().catch(unlessStopped(this.signal));
      if (answer?.ok) return;
      said = answer ? `storage answered ${answer.status}` : said;
      if (answer && !PASSING.has(answer.status) && answer.status !== EXPIRED) break;
      await this.pause(Math.min(30_000, 500 * 2 ** tried));
    }
    throw new SendingFailed(`${what}: ${said}`);
  }

  async #ask(method, path, body, more = {}) {
    for (let tried = 0; ; tried += 1) {
      await online();
      const headers = { Authorization: `Bearer ${await this.token()}`, Accept: "application/json", ...more };
      if (body !== undefined) headers["Content-Type"] = "application/json";
      const options = { method, headers, body: body && JSON.stringify(body), signal: this.signal };
      const answer = await this.fetch(this.api + path, options).catch(unlessStopped(this.signal));
      if (answer?.ok) return answer.json();
      if (answer && !PASSING.has(answer.status)) {
        throw new Refused(answer.status, await answer.json().catch(() => ({})));
      }
      if (tried + 1 >= TRIES) throw new SendingFailed(`${method} ${path}: ${answer ? answer.status : "no answer"}`);
      await this.pause(Math.min(30_000, 500 * 2 ** tried));
    }
  }

  async #digest(file) {
    const running = new Sha256();
    for (let at = 0; at < file.size; at += CHUNK) {
      running.update(new Uint8Array(await file.slice(at, at + CHUNK).arrayBuffer()));
      this.told({ step: "reading", sent: Math.min(file.size, at + CHUNK), size: file.size });
    }
    return running.hex();
  }
}

function pieceOf(file, number, partSize) {
  return file.slice((number - 1) * partSize, number * partSize).arrayBuffer();
}

async function digestOf(body) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A broken line is no answer; being told to stop is. */
function unlessStopped(signal) {
  return (error) => {
    if (signal?.aborted) throw error;
    return undefined;
  };
}

function wait(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

function online() {
  if (globalThis.navigator?.onLine !== false) return Promise.resolve();
  return new Promise((done) => globalThis.addEventListener("online", done, { once: true }));
}
