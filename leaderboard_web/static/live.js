/**
 * Keeps the hearts of a page current, and tells of new looks, by server-sent events. Only while the page is looked at,
 * and not where the person asks sites to save data.
 */

import { loadPage } from "./requests.js";

const SETTLED_MS = 2000;
const RETRY_MS = 30_000;
/** All pages learn of an outage at once, and do not all ask at once. */
const RESYNC_SPREAD_MS = 8000;

const savesData = () => matchMedia("(prefers-reduced-data: reduce)").matches || navigator.connection?.saveData === true;

let source = null;
let timer = 0;
let missedEvents = false;
let spread = 0;
let isVisitor = false;
const found = new Set();

const heartsOf = (look) => document.querySelectorAll(`.heart[data-look="${CSS.escape(look)}"]`);

function showHearts(look, hearts) {
  for (const form of heartsOf(look)) {
    const number = form.querySelector(".count");
    if (form.dataset.busy || number.textContent === String(hearts || "")) continue;
    number.textContent = hearts || "";
    number.classList.remove("changed");
    // Reading the layout starts the animation again.
    void number.offsetWidth;
    number.classList.add("changed");
  }
}

function showNew() {
  const link = document.querySelector(".new-looks");
  if (!link || !found.size) return;
  link.textContent = found.size === 1 ? link.dataset.one : link.dataset.many.replace("|", found.size);
  link.hidden = false;
}

function apply({ hearts, new: added, gone }) {
  for (const [look, count] of Object.entries(hearts)) showHearts(look, count);
  const wanted = document.querySelector(".new-looks")?.dataset.style;
  for (const [look, style] of Object.entries(added)) {
    if (!heartsOf(look).length && (!wanted || wanted === style)) found.add(look);
  }
  for (const look of gone) {
    found.delete(look);
    // It keeps its place, so that nothing moves under the finger.
    for (const form of heartsOf(look)) form.closest(".look, .hero")?.toggleAttribute("inert", true);
    for (const card of document.querySelectorAll(`[data-copy-of="${CSS.escape(look)}"]`)) card.inert = true;
  }
  showNew();
}

/** On the list of new looks, the link puts them there; elsewhere it leads to that list. */
async function insertNew(link, list) {
  const current = await loadPage(link.href);
  if (!current) return location.assign(link.href);
  const items = [...current.querySelectorAll(".looks > li")];
  const added = items.filter((item) => !heartsOf(item.querySelector(".heart").dataset.look).length);
  list.prepend(...added.map((item) => document.adoptNode(item)));
  found.clear();
  link.hidden = true;
  list.querySelector("a")?.focus();
}

/** Ask the page itself for its numbers. */
async function resync() {
  const current = await loadPage(location.href);
  if (!current) return;
  for (const form of current.querySelectorAll(".heart[data-look]")) {
    showHearts(form.dataset.look, Number(form.querySelector(".count").textContent));
  }
}

function connect() {
  if (source || document.hidden || savesData()) return;
  source = new EventSource("/live");
  source.addEventListener("message", (event) => apply(JSON.parse(event.data)));
  source.addEventListener("visitor", () => {
    isVisitor = true;
  });
  source.addEventListener("resync", () => setTimeout(resync, Math.random() * RESYNC_SPREAD_MS));
  source.addEventListener("open", () => {
    if (missedEvents) setTimeout(resync, Math.random() * spread);
    missedEvents = false;
    spread = 0;
  });
  source.addEventListener("error", () => {
    missedEvents = true;
    // A server that ends its streams ends them all: the pages must not ask at once.
    spread = RESYNC_SPREAD_MS;
    // The browser connects again by itself, except after an error page of a proxy, and after 204.
    if (source?.readyState === EventSource.CLOSED) {
      disconnect();
      timer = setTimeout(connect, RETRY_MS * (1 + Math.random()));
    }
  });
}

function disconnect() {
  clearTimeout(timer);
  source?.close();
  source = null;
  isVisitor = false;
}

function connectSoon() {
  clearTimeout(timer);
  timer = setTimeout(connect, SETTLED_MS);
}

/** The browser may have a session now, here or by another window: only its own stream hears of blocks. */
function connectWithSession() {
  if (!isVisitor) return;
  disconnect();
  connect();
}

addEventListener("click", (event) => {
  const link = event.target.closest?.(".new-looks");
  const list = document.querySelector(".looks");
  if (!link || !list || new URL(link.href).search !== location.search) return;
  event.preventDefault();
  insertNew(link, list);
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return connectSoon();
  missedEvents = true;
  disconnect();
});
addEventListener("acted", () => {
  // What changes before the new stream begins.
  if (isVisitor) [missedEvents, spread] = [true, RESYNC_SPREAD_MS];
  connectWithSession();
});
addEventListener("focus", connectWithSession);
addEventListener("pagehide", disconnect);
addEventListener("pageshow", connectSoon);
