/** The conversation: cloned parts of the page's template, shown one after the other as a person would type them. */

const log = document.querySelector(".log");
const typing = document.querySelector(".typing");
const state = typing.querySelector(".state");
const tools = document.querySelector(".tools");
const parts = document.querySelector("#parts").content;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Pause before a bubble of so many characters, in milliseconds. */
const pause = (length) => Math.min(350 + 16 * length, 1500);

let count = 0;
let hurry = () => {};

const part = (selector) => parts.querySelector(selector).cloneNode(true);

function bubble(text) {
  const item = part(".bubble.eva");
  item.querySelector("p").textContent = text;
  return item;
}

function heat({ url, alt, caption }, photo) {
  const item = part(".card:has(.heat)");
  count += 1;
  item.querySelector("input").id = item.querySelector(".switch").htmlFor = `heat-${count}`;
  item.querySelector(".cold").src = photo;
  Object.assign(item.querySelector(".warm"), { src: url, alt });
  item.querySelector(".caption").textContent = caption;
  item.querySelector(".save").href = url;
  return item;
}

function bars(found) {
  const item = part(".bars");
  for (const { name, percent, label } of found) {
    const bar = parts.lastElementChild.cloneNode(true);
    bar.querySelector(".name").textContent = name;
    bar.querySelector(".bar").setAttribute("aria-label", label);
    bar.querySelector(".share").setAttribute("width", `${percent}%`);
    bar.querySelector(".percent").textContent = `${percent}%`;
    item.querySelector("ol").append(bar);
  }
  return item;
}

/** Show the person's photo; returns its image. */
export function showPhoto(url) {
  const item = part(".bubble.you");
  const image = item.querySelector("img");
  image.src = url;
  log.append(item);
  item.scrollIntoView({ block: "start" });
  return image;
}

/** Show three dots, with words beside them if there are any; `null` hides them. */
export function showTyping(words) {
  typing.hidden = words === null;
  state.textContent = words ?? "";
}

/** Show one sentence at once. */
export function say(text) {
  log.append(bubble(text));
  follow(log.lastElementChild);
}

/** Show everything that is still being typed. */
export function finish() {
  hurry();
}

/**
 * Show Eva's answer, one part after the other. All of it is in the page from the start for those who listen to it;
 * a click anywhere in the chat shows it to the eyes as well.
 */
export async function showAnswer(answer, photo) {
  const items = [];
  for (const { text, slot } of answer.bubbles) {
    items.push(bubble(text));
    if (slot === "evidence" && answer.heat) items.push(heat(answer.heat, photo));
  }
  if (answer.bars.length) items.push(bars(answer.bars));
  if (!still.matches) items.forEach((item) => item.classList.add("waiting"));
  log.append(...items);
  const hurried = new Promise((done) => {
    hurry = done;
  });
  let skipped = still.matches;
  hurried.then(() => {
    skipped = true;
  });
  for (const item of items) {
    if (!skipped) {
      showTyping("");
      await Promise.race([hurried, new Promise((done) => setTimeout(done, pause(item.textContent.length)))]);
    }
    item.classList.remove("waiting");
    if (!skipped) follow(item);
  }
  showTyping(null);
  tools.hidden = !navigator.clipboard;
  tools.querySelector(".copy").dataset.text = answer.bubbles.map(({ text }) => text).join("\n");
}

/** Keep the newest part in view, unless the person has scrolled elsewhere. */
function follow(item) {
  const { top } = item.getBoundingClientRect();
  if (top > 0 && top < innerHeight * 1.6) item.scrollIntoView({ block: "nearest" });
}

log.addEventListener("click", finish);

tools.querySelector(".copy").addEventListener("click", async ({ target }) => {
  await navigator.clipboard.writeText(target.dataset.text);
  const words = target.textContent;
  target.textContent = target.dataset.done;
  setTimeout(() => {
    target.textContent = words;
  }, 2000);
});
