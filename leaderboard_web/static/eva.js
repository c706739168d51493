/** The ways a photo comes in (chosen, dropped, pasted, a sample), and its way to Eva and back. */

import { finish, say, showAnswer, showPhoto, showTyping } from "./chat.js";
import { shrink } from "./shrink.js";

const PATIENCE = 90_000;
const SLOW_AFTER = 7_000;

const form = document.querySelector(".chat form");
const input = form.querySelector("input[type=file]");
const curtain = document.querySelector(".curtain");
const words = document.querySelector("#parts").dataset;

document.documentElement.classList.add("js");

let busy = false;

async function show(file) {
  if (busy) return;
  busy = true;
  finish();
  form.setAttribute("aria-busy", "true");
  let answer, refusal, image;
  try {
    const { photo, shown } = await shrink(file);
    if (shown) image = showPhoto(URL.createObjectURL(photo));
    showTyping(words.looking);
    ({ answer, refusal } = await ask(photo, !shown));
  } finally {
    showTyping(null);
    form.removeAttribute("aria-busy");
    busy = false;
  }
  if (refusal) {
    say(refusal);
    return;
  }
  form.querySelector(".drop strong").textContent = words.another;
  image ??= showPhoto(answer.photo);
  await showAnswer(answer, image.src);
}

/** Send a photo; what comes back is an answer, or a sentence that says why there is none. */
async function ask(photo, echo) {
  const body = new FormData();
  body.append("photo", photo, "photo");
  if (echo) body.append("echo", "1");
  const slow = setTimeout(() => showTyping(words.slow), SLOW_AFTER);
  try {
    const reply = await fetch(`/api/judge?lang=${document.documentElement.lang}`, {
      method: "POST",
      body,
      signal: AbortSignal.timeout(PATIENCE),
    });
    const json = await reply.json();
    return reply.ok ? { answer: json } : { refusal: json.message };
  } catch {
    return { refusal: navigator.onLine ? words.failed : words.offline };
  } finally {
    clearTimeout(slow);
  }
}

const firstFile = (transfer) => [...(transfer?.files ?? [])][0];

input.addEventListener("change", () => {
  const [file] = input.files;
  if (file) show(file);
  input.value = "";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const picture = event.submitter?.querySelector("img");
  if (!picture || busy) return;
  try {
    show(await (await fetch(picture.src)).blob());
  } catch {
    say(navigator.onLine ? words.failed : words.offline);
  }
});

addEventListener("paste", (event) => {
  const file = firstFile(event.clipboardData);
  if (file) show(file);
});

addEventListener("dragover", (event) => {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  curtain.hidden = false;
});

addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) curtain.hidden = true;
});

addEventListener("drop", (event) => {
  curtain.hidden = true;
  const file = firstFile(event.dataTransfer);
  if (!file) return;
  event.preventDefault();
  show(file);
});
