// The demo page of upload.js: one line of text for each file. The token stays in this page and is sent to the service only.
import { Refused, Uploader, WrongFile } from "./upload.js";

const field = (id) => document.getElementById(id);
const STEPS = {
  reading: ["កំពុងអាន", "reading"],
  sending: ["កំពុងផ្ញើ", "sending"],
  sent: ["បានផ្ញើ កំពុងពិនិត្យ", "sent; it is being checked"],
};

field("files").addEventListener("change", async () => {
  for (const file of field("files").files) {
    const line = field("states").appendChild(document.createElement("li"));
    const say = (km, en) => {
      const khmer = Object.assign(document.createElement("span"), { lang: "km", textContent: km });
      line.replaceChildren(`${file.name}: `, khmer, ` · ${en}`);
    };
    const told = ({ step, sent, size }) => say(...STEPS[step].map((word) => `${word} ${Math.floor((100 * sent) / (size || 1))} %`));
    const uploader = new Uploader({ api: location.href.replace(/\/[^/]*$/, ""), token: () => field("token").value, told });
    try {
      await uploader.send(field("filing").value.trim(), file, { document: field("document").value.trim() });
    } catch (error) {
      if (error instanceof Refused) {
        const { message, action } = error.problem.findings?.[0] ?? {};
        say(`${message?.km ?? ""} ${action?.km ?? ""}`, `${message?.en ?? error.message} ${action?.en ?? ""}`);
      } else if (error instanceof WrongFile) {
        say("នេះមិនមែនជាឯកសារដែលបានចាប់ផ្តើមផ្ញើទេ។ សូមជ្រើសរើសឯកសារដើម។", "this is not the file that was begun; choose that one");
      } else {
        say("មិនអាចផ្ញើបានទេ។ សូមជ្រើសរើសឯកសារដដែលម្តងទៀត ដើម្បីបន្ត។", "could not be sent; choose the same file again to go on");
      }
    }
  }
});
