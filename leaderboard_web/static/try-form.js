/** The ways in which something comes in (a photo, a press, words), its way to Eva and back. */

import { finish, focusDeeds, follow, say, showDeeds, showPhoto, showSending, showTyping, tell } from "./chat.js";
import { shrink } from "./resize-image.js";
import { attempt, send } from "./upload.js";

const SLOW_AFTER = 7_000;
/** Statuses after which the same may be tried again. */
const PASSING = new Set([429, 502, 503, 504]);

const chat = document.querySelector(".chat");
const form = document.querySelector(".show");
const deeds = document.querySelector(".actions");
const once = document.querySelector(".retry");
const curtain = document.querySelector(".drop-overlay");
const words = document.querySelector("#parts").dataset;

document.documentElement.classList.add("js");

let busy = false;
let next = null;

/** One thing at a time. A photo that comes meanwhile waits; words stay in their field, and a press can be made again. */
async function alone(work, { waits = false } = {}) {
  if (busy) {
    if (waits) next = work;
    return;
  }
  busy = true;
  finish();
  once.hidden = true;
  chat.setAttribute("aria-busy", "true");
  let ended;
  try {
    ended = await work();
  } finally {
    showTyping(null);
    showSending(null);
    chat.removeAttribute("aria-busy");
    busy = false;
  }
  const ending = ended?.();
  if (next) {
    const waiting = next;
    next = null;
    await alone(waiting);
  }
  await ending;
}

const unreachable = (otherwise) => (navigator.onLine ? otherwise : words.offline);

/** What the server said next, told; then what can be done. */
const telling = ({ url, says, deeds: next }, moved) => async () => {
  history.replaceState(null, "", url);
  showDeeds("");
  await tell(says);
  showDeeds(next);
  follow(deeds);
  if (moved) focusDeeds();
};

function offerAgain(again) {
  once.hidden = false;
  once.querySelector("button").onclick = again;
  if (document.activeElement === document.body) once.querySelector("button").focus({ preventScroll: true });
}

/** Show Eva a photo: a file, or a sample, which is a field of the form. */
function show({ file = null, sample = null }) {
  const body = new FormData(form);
  for (const name of ["photo", "camera"]) body.delete(name);
  body.append("attempt", attempt());
  if (sample) {
    body.append("sample", sample.value);
    showPhoto(sample.querySelector("img").src);
  }
  return post({ body, file, shown: Boolean(sample) });
}

async function post(photo) {
  if (photo.file) {
    const { photo: small, shown } = await shrink(photo.file);
    photo.body.append("photo", small, "photo");
    photo.file = null;
    if (shown) {
      photo.shown = true;
      showPhoto(URL.createObjectURL(small));
    }
  }
  const slow = setTimeout(() => showTyping(words.slow), SLOW_AFTER);
  const progress = (share) => {
    showSending(share < 1 ? share : null);
    if (share >= 1) showTyping(words.looking);
  };
  progress(0);
  let reply;
  try {
    reply = await send(form.action, photo.body, progress);
  } catch {
    return () => refused(unreachable(words.failed), photo);
  } finally {
    clearTimeout(slow);
  }
  if (!reply.ok) return () => refused(reply.json.message, PASSING.has(reply.status) ? photo : null);
  form.querySelector(".pick strong").textContent = words.another;
  if (!photo.shown) showPhoto(null, reply.json.photo);
  return telling(reply.json);
}

function refused(sentence, photo) {
  say(sentence);
  if (photo) offerAgain(() => alone(() => post(photo)));
}

/** Send a form of words or buttons. */
async function ask(target, submitter) {
  const body = new URLSearchParams(new FormData(target, submitter));
  if (target.matches(".words")) {
    body.delete("look");
    const kept = deeds.querySelector("[name=look]");
    if (kept) body.append("look", kept.value);
  }
  const moved = deeds.contains(document.activeElement);
  showTyping("");
  let reply, json;
  try {
    reply = await fetch(target.action, { method: "POST", body, headers: { Accept: "application/json" } });
    json = await reply.json();
  } catch {
    return () => say(unreachable(words.missed));
  }
  if (!reply.ok) return () => say(json.message);
  target.querySelectorAll("input:not([type=hidden])").forEach((input) => {
    input.value = "";
  });
  return telling(json, moved);
}

const firstFile = (transfer) => [...(transfer?.files ?? [])][0];
const take = (file) => file && alone(() => show({ file }), { waits: true });

form.addEventListener("change", ({ target }) => {
  if (target.type !== "file") return;
  take(target.files[0]);
  target.value = "";
});

addEventListener("submit", (event) => {
  const { target, submitter } = event;
  if (!chat.contains(target)) return;
  event.preventDefault();
  if (target !== form) {
    alone(() => ask(target, submitter));
  } else if (submitter?.name === "sample") {
    alone(() => show({ sample: submitter }));
  }
});

addEventListener("paste", (event) => {
  take(firstFile(event.clipboardData));
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
  take(file);
});
