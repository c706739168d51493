/** Sends photos, button presses and messages of the chat, and shows the replies. */

import {
  finish,
  focusActions,
  follow,
  isLatestPhoto,
  nextTask,
  showActions,
  showMessage,
  showPhoto,
  showSending,
  showSentPhoto,
  showTyping,
  typeMessages,
} from "./chat.js";
import { post } from "./requests.js";
import { resizeImage } from "./resize-image.js";
import { createAttemptId, send } from "./upload.js";
import "./viewport.js";

const SLOW_AFTER = 7_000;
const TIMEOUT_MS = 60_000;
/** Set while a photo is on its way, so that a reload can be explained. */
const UPLOADING = "uploading";
/** Statuses after which the same request may be sent again. */
const RETRYABLE_STATUSES = new Set([429, 502, 503, 504]);
/** Seconds that somebody may wait for; the limit of a day ends tomorrow. */
const LONGEST_WAIT = 600;

const chat = document.querySelector(".chat");
const form = document.querySelector(".show");
const actions = document.querySelector(".actions");
const retry = document.querySelector(".retry");
const retryButton = retry.querySelector("button");
const overlay = document.querySelector(".drop-overlay");
const words = document.querySelector("#parts").dataset;

document.documentElement.classList.add("js");

let busy = false;
const waiting = [];
/** Photos that did not arrive, and may be sent again. */
const unsent = [];

/** Use the tab's storage; some browsers refuse it. */
const withStorage = (task) => {
  try {
    return task(sessionStorage);
  } catch {
    return null;
  }
};

/** Run one task at a time. Photos that are added meanwhile wait; other input can be repeated by the person. */
async function runExclusively(task, { waits = false } = {}) {
  if (busy) {
    if (waits) waiting.push(task);
    return;
  }
  busy = true;
  finish();
  retry.hidden = true;
  chat.setAttribute("aria-busy", "true");
  let showResult;
  try {
    showResult = await task();
  } catch (error) {
    // What waits is sent all the same.
    reportError(error);
    showResult = () => showMessage(words.trouble);
  }
  showTyping(null);
  showSending(null);
  chat.removeAttribute("aria-busy");
  busy = false;
  const shown = showResult();
  retry.hidden = !unsent.length;
  if (waiting.length) await runExclusively(waiting.shift());
  await shown;
}

const unreachable = (fallback) => (navigator.onLine ? fallback : words.offline);

/** Show a reply: its messages one by one, then the available actions. */
const showReply = ({ url, messages, actions: next }, hadFocus) => async () => {
  history.replaceState(null, "", url);
  showActions("");
  await typeMessages(messages);
  showActions(next);
  // The person may have gone elsewhere meanwhile, e.g. to type.
  if (hadFocus && document.activeElement === document.body) focusActions();
};

/** What the person chooses now replaces what did not arrive. */
function forgetUnsent() {
  if (!busy) unsent.length = 0;
}

/** Send a photo: a file, or a sample, which is a button of the form. */
async function show({ file = null, sample = null }) {
  const body = new FormData(form);
  for (const name of ["photo", "camera"]) body.delete(name);
  body.append("attempt", createAttemptId());
  let item = null;
  if (sample) {
    body.append("sample", sample.value);
    // The tap, the picture and the request are tasks of their own: together they would take too long on a slow phone.
    await nextTask();
    const { photo, width, height } = sample.dataset;
    item = showPhoto({ url: photo, width: Number(width), height: Number(height) });
    await nextTask();
  }
  return postPhoto({ body, file, item });
}

async function postPhoto(photo) {
  if (photo.file) {
    showTyping(words.preparing);
    const { photo: small, size } = await resizeImage(photo.file);
    if (small.size > Number(words.maxBytes)) return () => showMessage(words.tooLarge);
    photo.body.append("photo", small, "photo");
    photo.file = null;
    if (size) photo.item = showPhoto({ url: URL.createObjectURL(small), ...size });
  }
  let slow = 0;
  const progress = (share) => {
    showSending(share < 1 ? share : null);
    if (share < 1) return;
    showTyping(words.looking);
    clearTimeout(slow);
    slow = setTimeout(() => showTyping(words.slow), SLOW_AFTER);
  };
  progress(0);
  withStorage((storage) => storage.setItem(UPLOADING, "1"));
  let reply;
  try {
    reply = await send(form.action, photo.body, progress);
  } catch {
    return () => showRefusal(unreachable(words.failed), photo);
  } finally {
    clearTimeout(slow);
    if (!isLeaving) withStorage((storage) => storage.removeItem(UPLOADING));
  }
  if (!reply.ok) {
    const sentence = reply.json?.message ?? words.trouble;
    const isRetryable = RETRYABLE_STATUSES.has(reply.status) && reply.retryAfter <= LONGEST_WAIT;
    return () => showRefusal(sentence, isRetryable ? photo : null);
  }
  // After later ones, what Eva says would seem to be about those.
  if (!isLatestPhoto(photo.item)) showSentPhoto(reply.json.photo);
  await nextTask();
  return showReply(reply.json, photo.hadFocus);
}

function showRefusal(sentence, photo) {
  showMessage(sentence);
  if (!photo) return;
  unsent.push(photo);
  retry.hidden = false;
  follow();
  if (document.activeElement === document.body) retryButton.focus({ preventScroll: true });
}

retryButton.addEventListener("click", () => {
  // The button goes, so what it had is given to the actions.
  const hadFocus = document.activeElement === retryButton;
  for (const photo of unsent.splice(0)) runExclusively(() => postPhoto({ ...photo, hadFocus }), { waits: true });
});

/** Send the text form or a button. */
async function sendForm(target, submitter) {
  const body = new URLSearchParams(new FormData(target));
  // Safari before 16.4 does not take the button for the data of its form.
  if (submitter?.name) body.append(submitter.name, submitter.value);
  if (target.matches(".words")) {
    body.delete("look");
    const lookField = actions.querySelector("[name=look]");
    if (lookField) body.append("look", lookField.value);
  }
  const hadFocus = actions.contains(document.activeElement);
  const field = target.querySelector("input:not([type=hidden])");
  const sent = field?.value;
  showTyping("");
  let reply, json;
  try {
    reply = await post(target.action, body, TIMEOUT_MS);
    json = await reply.json();
  } catch {
    return () => showMessage(unreachable(words.missed));
  }
  if (!reply.ok) return () => showMessage(json?.message ?? words.trouble);
  // What was typed behind it since is the next message.
  if (field?.value.startsWith(sent)) field.value = field.value.slice(sent.length).trimStart();
  return showReply(json, hadFocus);
}

/** Send files one after the other, and say so if there are more than Eva takes at a time. */
const sendFiles = (files) => {
  const limit = Number(words.maxPhotos);
  if (files.length) forgetUnsent();
  for (const file of files.slice(0, limit)) runExclusively(() => show({ file }), { waits: true });
  if (files.length > limit) runExclusively(async () => () => showMessage(words.tooMany), { waits: true });
};

function sendChosen(input) {
  sendFiles([...input.files]);
  input.value = "";
}

for (const input of form.querySelectorAll("[name=photo]")) input.multiple = true;

form.addEventListener("change", ({ target }) => {
  if (target.type === "file") sendChosen(target);
});

addEventListener("submit", (event) => {
  const { target, submitter } = event;
  // The form of a card leads to a page of its own.
  if (!chat.contains(target) || target.closest(".result-card")) return;
  event.preventDefault();
  if (target !== form) {
    runExclusively(() => sendForm(target, submitter));
  } else if (submitter?.name === "sample") {
    forgetUnsent();
    runExclusively(() => show({ sample: submitter }));
  }
});

addEventListener("paste", (event) => {
  const { files = [], types = [] } = event.clipboardData ?? {};
  // Office programs put a picture of the text next to it.
  if (!files.length || ["text/plain", "text/html"].every((type) => types.includes(type))) return;
  event.preventDefault();
  sendFiles([...files]);
});

/** Whether something of this page is dragged; its pictures would look like files. */
let isOwnDrag = false;
addEventListener("dragstart", () => (isOwnDrag = true));
addEventListener("dragend", () => (isOwnDrag = false));

addEventListener("dragover", (event) => {
  if (isOwnDrag || !event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  overlay.hidden = false;
});

addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) overlay.hidden = true;
});

addEventListener("drop", (event) => {
  overlay.hidden = true;
  const files = [...(event.dataTransfer?.files ?? [])];
  if (isOwnDrag || !files.length) return;
  event.preventDefault();
  sendFiles(files);
});

let isLeaving = false;
addEventListener("pagehide", () => {
  isLeaving = true;
});
// The browser may have kept the page.
addEventListener("pageshow", () => {
  isLeaving = false;
});

if (withStorage((storage) => storage.getItem(UPLOADING))) {
  withStorage((storage) => storage.removeItem(UPLOADING));
  showMessage(words.interrupted);
}

// What was chosen before this script was there.
form.querySelectorAll("[type=file]").forEach(sendChosen);
