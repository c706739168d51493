/**
 * Loads the next page of a list near its end, and restores a list to which the person comes back. Without this script, a
 * link leads to the next page.
 */

import { loadPage } from "./requests.js";
import { refresh } from "./toggles.js";

const list = document.querySelector(".looks");
let more = document.querySelector(".more");
/** The URLs of the pages that were appended, and the looks of each. */
const appended = [];

/** Append the next page; false if there is none, or it cannot be loaded. */
async function extend() {
  const link = more?.querySelector("a");
  if (!link) return false;
  const next = await loadPage(link.href);
  // The link remains and works again later.
  if (!next) return false;
  const shownIds = new Set([...document.querySelectorAll(".heart")].map((form) => form.dataset.look));
  // A look that has gained a heart in the meantime can be on both pages.
  const looks = [...next.querySelectorAll(".looks > li")].filter(
    (item) => !shownIds.has(item.querySelector(".heart").dataset.look),
  );
  list.append(...looks.map((item) => document.adoptNode(item)));
  appended.push({ url: link.href, looks });
  const following = next.querySelector(".more");
  if (following) more.replaceWith(following);
  else more.remove();
  more = following;
  return true;
}

const observer = new IntersectionObserver(
  async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    if ((await extend()) && more) observer.observe(more);
  },
  { rootMargin: "600px" },
);

/** Refreshes an appended page when one of its looks comes near the window. */
const refresher = new IntersectionObserver(
  (entries) => {
    const near = new Set(entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target));
    for (const { url, looks } of appended.filter((page) => page.looks.some((look) => near.has(look)))) {
      for (const look of looks) refresher.unobserve(look);
      refresh(url);
    }
  },
  { rootMargin: "600px" },
);

/** Load the pages down to where the person was, and scroll there. */
async function restore(top) {
  while (document.documentElement.scrollHeight < top + innerHeight && (await extend()));
  scrollTo({ top, behavior: "instant" });
}

const chosen = document.querySelector(".chips [aria-current]");
if (chosen) {
  const row = chosen.parentElement;
  row.scrollLeft = chosen.offsetLeft - row.offsetLeft - (row.clientWidth - chosen.clientWidth) / 2;
}

// The state belongs to this entry of the history, and survives where the browser does not keep the whole page.
const savePlace = () => history.replaceState({ pages: appended.length, top: scrollY }, "");

addEventListener("pagehide", () => {
  refresher.disconnect();
  savePlace();
});

// The last event of a page that a phone discards in the background, and loads again later.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) savePlace();
});

// The first page is refreshed as any page is.
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const look of appended.flatMap((page) => page.looks)) refresher.observe(look);
});

if (list && history.state?.pages) await restore(history.state.top);
if (more && list) observer.observe(more);
