// Computes a file's SHA-256 on this device and asks the register of issued letters about it. Nothing else is sent.
const file = document.getElementById("file");
const verdict = document.getElementById("verdict");
const number = new URLSearchParams(location.search).get("number");

if (number) {
  const line = document.getElementById("number");
  line.textContent = `${number}`;
  line.hidden = false;
}

function paragraph(text, lang) {
  const made = document.createElement("p");
  made.textContent = text;
  if (lang) made.lang = lang;
  return made;
}

function show(kind, ...parts) {
  verdict.className = kind;
  verdict.replaceChildren(...parts);
  verdict.hidden = false;
}

async function digest(bytes) {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

file.addEventListener("change", async () => {
  const chosen = file.files[0];
  if (!chosen) return;
  try {
    const sha256 = await digest(await chosen.arrayBuffer());
    const answer = await fetch("v1/verifications", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ sha256 }),
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const said = await answer.json();
    const words = Object.entries(said.message).flatMap(([lang, text]) => [
      paragraph(text, lang),
      paragraph(said.action[lang], lang),
    ]);
    const letter = said.letter ? [paragraph(`${said.letter.number} · ${said.letter.issued_at}`)] : [];
    const other = said.letter && number && !said.letter.number.startsWith(`${number}-`)
      ? [paragraph(`${said.letter.number} ≠ ${number}`)]
      : [];
    const code = document.createElement("code");
    code.textContent = sha256;
    show(said.verdict, ...words, ...letter, ...other, code);
  } catch {
    show("failed", paragraph("មិនអាចផ្ទៀងផ្ទាត់បានទេនៅពេលនេះ។ សូមព្យាយាមម្តងទៀត។", "km"), paragraph("It cannot be checked just now. Try again."));
  }
});
