/** Sends an action to the server and shows a notice if it fails. */

import { post } from "./requests.js";

const TIMEOUT_MS = 30_000;
const notice = document.querySelector(".notice");
const line = notice.querySelector("[role=status]");
let trigger = null;

const show = (words) => {
  line.textContent = words;
  notice.classList.toggle("open", words !== "");
};

const close = () => {
  if (notice.contains(document.activeElement)) trigger?.focus();
  show("");
};

notice.querySelector("button").addEventListener("click", close);
addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});

async function errorMessage(reply) {
  try {
    return (await reply.json()).message || notice.dataset.trouble;
  } catch {
    // A proxy answered, not the application.
    return notice.dataset.trouble;
  }
}

/** The server's response, after an event `acted`; null after an error, which is shown. */
export async function send(address, body) {
  trigger = document.activeElement;
  show("");
  let reply;
  try {
    reply = await post(address, body, TIMEOUT_MS);
    if (reply.ok) {
      dispatchEvent(new Event("acted"));
      return await reply.json();
    }
  } catch {
    show(notice.dataset.offline);
    return null;
  }
  show(await errorMessage(reply));
  return null;
}
