/** The conversation: what the server says next, shown one part after the other as a person would type it. */

const log = document.querySelector(".log");
const typing = document.querySelector(".typing");
const state = typing.querySelector(".state");
const sending = document.querySelector(".sending");
const bar = sending.querySelector("progress");
const deeds = document.querySelector(".actions");
const tools = document.querySelector(".tools");
const parts = document.querySelector("#parts").content;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Pause before a bubble of so many characters, in milliseconds. */
const pause = (length) => Math.min(350 + 16 * length, 1500);

let hurry = () => {};

const part = (selector) => parts.querySelector(selector).cloneNode(true);

function elements(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return [...holder.content.children];
}

/** Show the person's photo, from an address or as the server's HTML. */
export function showPhoto(url, html) {
  const item = html ? elements(html)[0] : part(".sent-photo");
  if (!html) item.querySelector("img").src = url;
  log.append(item);
  item.scrollIntoView({ block: "start" });
}

/** Show three dots, with words beside them if there are any; `null` hides them. */
export function showTyping(words) {
  typing.hidden = words === null;
  state.textContent = words ?? "";
}

/** Show how much of the photo was sent, 0 to 1; `null` hides it. */
export function showSending(share) {
  sending.hidden = share === null;
  bar.value = Math.round(100 * (share ?? 0));
}

/** Show one sentence of Eva's at once. */
export function say(text) {
  const item = part(".bubble.eva");
  item.querySelector("p").textContent = text;
  log.append(item);
  follow(item);
}

/** Show everything that is still being typed. */
export function finish() {
  hurry();
}

/** Replace what can be done now. */
export function showDeeds(html) {
  deeds.replaceChildren(...elements(html));
}

/** To the first of what can be done now, for those who came by keyboard. */
export function focusDeeds() {
  (deeds.querySelector("input:not([type=hidden]), a, button") ?? deeds).focus({ preventScroll: true });
}

/**
 * Show what is said next, one part after the other; the person's own words at once. All of it is in the page from the
 * start for those who listen to it; a click anywhere in the chat shows it to the eyes as well.
 */
export async function tell(html) {
  const items = elements(html);
  const hers = items.filter((item) => item.classList.contains("eva"));
  if (!still.matches) hers.forEach((item) => item.classList.add("waiting"));
  log.append(...items);
  let skipped = still.matches;
  const hurried = new Promise((done) => {
    hurry = () => {
      skipped = true;
      done();
    };
  });
  if (items.length > hers.length) follow(items[0]);
  for (const item of hers) {
    if (!skipped) {
      showTyping("");
      await Promise.race([hurried, new Promise((done) => setTimeout(done, pause(item.textContent.length)))]);
    }
    item.classList.remove("waiting");
    if (!skipped) follow(item);
  }
  showTyping(null);
  offerCopy();
}

/** Keep the newest part in view, unless the person has scrolled elsewhere. */
export function follow(item) {
  const { top } = item.getBoundingClientRect();
  if (top > 0 && top < innerHeight * 1.6) item.scrollIntoView({ block: "nearest" });
}

/** What she told about the latest photo. */
function told() {
  const items = [...log.children];
  const last = items.findLastIndex((item) => item.classList.contains("sent-photo"));
  return items.slice(last + 1).filter((item) => item.classList.contains("verdict"));
}

function offerCopy() {
  tools.hidden = !navigator.clipboard || !told().length;
}

log.addEventListener("click", finish);

tools.querySelector(".copy").addEventListener("click", async ({ target }) => {
  await navigator.clipboard.writeText(told().map((item) => item.textContent.trim()).join("\n"));
  const words = target.textContent;
  target.textContent = target.dataset.done;
  setTimeout(() => {
    target.textContent = words;
  }, 2000);
});

offerCopy();
