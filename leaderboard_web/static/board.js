/**
 * Loads the next page of a list near its end, and restores a list to which the person comes back. Without this script, a
 * link leads to the next page.
 */

const list = document.querySelector(".looks");
let more = document.querySelector(".more");

/** Append the next page; false if there is none, or it cannot be loaded. */
async function extend() {
  const link = more?.querySelector("a");
  if (!link) return false;
  let next;
  try {
    const reply = await fetch(link.href);
    if (!reply.ok) return false;
    next = new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch {
    // Offline: the link remains and works again later.
    return false;
  }
  const shownIds = new Set([...document.querySelectorAll(".heart")].map((form) => form.dataset.look));
  for (const item of next.querySelectorAll(".looks > li")) {
    // A look that has gained a heart in the meantime can be on both pages.
    if (!shownIds.has(item.querySelector(".heart").dataset.look)) list.append(document.adoptNode(item));
  }
  const following = next.querySelector(".more");
  if (following) more.replaceWith(following);
  else more.remove();
  more = following;
  return true;
}

let pages = 0;

const observer = new IntersectionObserver(
  async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    if (await extend()) pages += 1;
    else return;
    if (more) observer.observe(more);
  },
  { rootMargin: "600px" },
);

/** Load the pages that were shown before, and scroll to where the person was. */
async function restore({ pages: shown, top }) {
  while (pages < shown && (await extend())) pages += 1;
  scrollTo({ top, behavior: "instant" });
}

/** Show the hearts as they are now: the person may have given one on another page. */
async function refreshHearts() {
  let current;
  try {
    const reply = await fetch(location.href);
    if (!reply.ok) return;
    current = new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch {
    return;
  }
  for (const form of current.querySelectorAll(".heart[data-look]")) {
    const shown = document.querySelector(`.heart[data-look="${form.dataset.look}"]`);
    if (shown && !shown.dataset.busy) shown.replaceWith(document.adoptNode(form));
  }
}

const chosen = document.querySelector(".chips [aria-current]");
if (chosen) {
  const row = chosen.parentElement;
  row.scrollLeft = chosen.offsetLeft - row.offsetLeft - (row.clientWidth - chosen.clientWidth) / 2;
}

// The state belongs to this entry of the history, and survives where the browser does not keep the whole page.
addEventListener("pagehide", () => {
  history.replaceState({ pages, top: scrollY }, "");
});

addEventListener("pageshow", (event) => {
  if (event.persisted) refreshHearts();
});

const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
if (list && isBack && history.state?.pages) await restore(history.state);
if (more && list) observer.observe(more);
