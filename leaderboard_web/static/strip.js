/**
 * Fills rows of small cards from the page that their heading links to, when they come near the window. Without this
 * script, and if the page cannot be loaded, only the link remains.
 */

import { loadPage } from "./requests.js";

const MAX_CARDS = 12;

async function fill(strip) {
  const page = await loadPage(strip.querySelector("h2 a").href);
  if (!page) {
    strip.classList.add("nothing");
    return;
  }
  const items = [...page.querySelectorAll(".looks > li")].slice(0, MAX_CARDS);
  const nothing = page.querySelector(".empty h2");
  if (!items.length && nothing) {
    strip.querySelector(".strip-note").textContent = nothing.textContent;
    strip.classList.add("nothing");
  }
  for (const item of items) {
    // Other scripts look for the heart of a look, which its card on this page may have.
    const heart = item.querySelector(".heart");
    item.dataset.copyOf = heart.dataset.look;
    heart.remove();
    const image = item.querySelector("img");
    image.sizes = "9.5rem";
    image.loading = "lazy";
    strip.querySelector("ol").append(document.adoptNode(item));
  }
}

const observer = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      fill(target);
    }
  },
  { rootMargin: "400px" },
);

for (const strip of document.querySelectorAll(".strip")) observer.observe(strip);
