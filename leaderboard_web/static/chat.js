/** The conversation log: shows messages one after the other, as if Eva typed them. */

const scroller = document.querySelector(".scroller");
const log = document.querySelector(".log");
const typing = document.querySelector(".typing");
const state = typing.querySelector(".state");
/** Tells screen readers of the state: they miss what appears together with its element. */
const announcer = document.querySelector(".announcer");
const sending = document.querySelector(".sending");
const bar = sending.querySelector("progress");
const actions = document.querySelector(".actions");
const field = document.querySelector("#words");
const tools = document.querySelector(".tools");
const newest = document.querySelector(".newest");
const templates = document.querySelector("#parts").content;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Delay before a message of a length in characters, in milliseconds, unless all together take longer than TYPING_MS. */
const pause = (length) => Math.min(350 + 16 * length, 1500);
const TYPING_MS = 1600;
/** px over the message that stays at the upper edge. */
const EDGE = 10;
/** px under the window of the log in which its end still counts as in view. */
const NEAR = 48;

let finishTyping = () => {};
/** What the person sent last. It stays in view, however long the answer is, until they go to the newest message. */
let question = document.querySelector("#latest");
/** Whether the newest message is kept in view: until the person scrolls. */
let isFollowing = true;
let isAtEnd = false;
/** Where a smooth scroll leads, in px from the top; `null` once it has ended. */
let goal = null;
/** Height of the log's window when it was last observed, in px. */
let height = 0;

for (const event of ["wheel", "touchmove"]) {
  scroller.addEventListener(event, () => (isFollowing = false), { passive: true });
}
scroller.addEventListener("keydown", ({ key }) => {
  if (["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"].includes(key)) isFollowing = false;
});

/** Lets the browser answer taps and draw before the work goes on. */
export const nextTask = () =>
  new Promise((resolve) => {
    // Unlike a timer's, this task is not delayed.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

const distanceToTop = (item) => item.getBoundingClientRect().top - scroller.getBoundingClientRect().top;

/** Scroll down to the newest message, but not so far that the question leaves, unless the person has scrolled away. */
export function follow(behavior = reducedMotion.matches ? "instant" : "smooth") {
  if (!isFollowing) return;
  const end = scroller.scrollHeight - scroller.clientHeight;
  const top = question?.isConnected ? scroller.scrollTop + distanceToTop(question) - EDGE : end;
  const place = Math.min(end, top);
  goal = behavior === "smooth" ? place : null;
  scroller.scrollTo({ top: place, behavior });
}

scroller.addEventListener("scrollend", () => (goal = null));
// Not all browsers report the end.
scroller.addEventListener("scroll", () => {
  if (goal !== null && Math.abs(scroller.scrollTop - goal) < 1) goal = null;
});

new IntersectionObserver(
  ([entry]) => {
    isAtEnd = entry.isIntersecting;
    newest.hidden = isAtEnd;
  },
  { root: scroller, rootMargin: `0px 0px ${NEAR}px` },
).observe(document.querySelector(".end"));

// A keyboard, or more buttons, take height from the conversation: its end stays in view.
new ResizeObserver(() => {
  // The observer of the end reports later in a frame than this one, and not before a smooth scroll has arrived.
  const isArriving = (goal ?? scroller.scrollTop) + height >= scroller.scrollHeight - NEAR;
  height = scroller.clientHeight;
  if (isFollowing && (isAtEnd || isArriving)) follow("instant");
  else if (isAtEnd) scroller.scrollTop = scroller.scrollHeight;
}).observe(scroller);

newest.addEventListener("click", () => {
  question = null;
  isFollowing = true;
  follow();
});

const cloneTemplate = (selector) => templates.querySelector(selector).cloneNode(true);

function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children];
}

/** Show the person's photo, `{ url, width, height }`: it takes its place at once, and is read meanwhile. */
export function showPhoto({ url, width, height }) {
  const item = cloneTemplate(".sent-photo");
  const image = item.querySelector("img");
  // Once it is drawn, the page needs the file no more; the URL of a sample is left as it is.
  for (const end of ["load", "error"]) image.addEventListener(end, () => URL.revokeObjectURL(url), { once: true });
  Object.assign(image, { width, height, src: url });
  image.classList.toggle("wide", width > height);
  log.append(item);
  keepInView(item);
  return item;
}

/** Whether no photo was shown after this one. */
export const isLatestPhoto = (item) => [...log.querySelectorAll(".sent-photo")].at(-1) === item;

/** Show the person's photo from the server's HTML. */
export function showSentPhoto(html) {
  const [item] = elements(html);
  log.append(item);
  keepInView(item);
}

/** Keep a message in view, with what follows: one that is answered, or the news that something went wrong. */
function keepInView(item) {
  question = item;
  isFollowing = true;
  offerCopy();
  follow();
}

/** Show the typing indicator with an optional text; `null` hides it. */
export function showTyping(text) {
  typing.hidden = text === null;
  state.textContent = announcer.textContent = text ?? "";
}

/** Show how much of the photo was sent, 0 to 1; `null` hides it. */
export function showSending(share) {
  sending.hidden = share === null;
  bar.value = Math.round(100 * (share ?? 0));
}

/** Show a message of Eva's without typing. */
export function showMessage(text) {
  const item = cloneTemplate(".bubble.eva");
  item.querySelector("p").textContent = text;
  log.append(item);
  keepInView(item);
}

/** Show at once what is still being typed. */
export function finish() {
  finishTyping();
}

/** Replace the available actions, and say what the field is for: a name that was asked for, or any words. */
export function showActions(html) {
  actions.replaceChildren(...elements(html));
  const { name, words } = field.dataset;
  field.placeholder = field.labels[0].textContent = actions.querySelector(".naming") ? name : words;
}

/** Focus the field for a name, or the first action, for people who use the keyboard. */
export function focusActions() {
  const first = actions.querySelector(".naming") ? field : actions.querySelector("a, button");
  (first ?? actions).focus({ preventScroll: true });
}

/**
 * Append messages and reveal those of Eva one after the other. All of them are in the page from the start for screen
 * readers, and laid out in tasks of their own: together they would take longer than a tap may wait on a slow phone. A
 * click anywhere in the log reveals the rest.
 */
export async function typeMessages(html) {
  const items = elements(html);
  const pending = [...items];
  const evaItems = items.filter((item) => item.classList.contains("eva"));
  if (!reducedMotion.matches) evaItems.forEach((item) => item.classList.add("waiting", "visually-hidden"));
  let skipped = reducedMotion.matches;
  const finished = new Promise((resolve) => {
    finishTyping = () => {
      finishTyping = () => {};
      skipped = true;
      showTyping(null);
      log.append(...pending.splice(0));
      resolve();
    };
  });
  await nextTask();
  while (pending.length) {
    appendNext(pending);
    await nextTask();
  }
  if (items[0]?.classList.contains("you")) keepInView(items[0]);
  const pauses = evaItems.map((item) => pause(item.textContent.length));
  const pace = Math.min(1, TYPING_MS / pauses.reduce((sum, each) => sum + each, 1));
  for (const [index, item] of evaItems.entries()) {
    if (!skipped) {
      showTyping("");
      follow();
      await Promise.race([finished, new Promise((resolve) => setTimeout(resolve, pace * pauses[index]))]);
    }
    item.classList.remove("waiting", "visually-hidden");
    if (!skipped) follow();
  }
  // After a skip the dots belong to what was sent since.
  if (!skipped) {
    showTyping(null);
    finishTyping = () => {};
  }
  offerCopy();
  follow();
}

function appendNext(pending) {
  const item = pending.shift();
  log.append(item);
  // Reading a size lays it out now.
  void item.offsetHeight;
}

/** The messages of the latest verdict. */
function latestVerdict() {
  const items = [...log.children];
  const last = items.findLastIndex((item) => item.classList.contains("sent-photo"));
  return items.slice(last + 1).filter((item) => item.classList.contains("verdict"));
}

/** Offer to copy the verdict while it is the last thing that was said. */
function offerCopy() {
  const isLast = log.lastElementChild?.matches(":is(.verdict, .bars, .result-card):not(.waiting, .week-card)");
  tools.hidden = !navigator.clipboard || !isLast;
}

log.addEventListener("click", finish);

const copy = tools.querySelector(".copy");
const copyLabel = copy.textContent;
let copyTimer = 0;

copy.addEventListener("click", async () => {
  const verdict = latestVerdict().map((item) => item.textContent.trim()).join("\n");
  const { done, failed } = copy.dataset;
  copy.textContent = await navigator.clipboard.writeText(verdict).then(() => done, () => failed);
  clearTimeout(copyTimer);
  copyTimer = setTimeout(() => {
    copy.textContent = copyLabel;
  }, 2000);
});

offerCopy();
if (question && !CSS.supports("scroll-initial-target", "nearest")) follow("instant");
