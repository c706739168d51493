/** Loads the next page of a list near its end. Without this script, a link leads there. */

const list = document.querySelector(".looks");
let more = document.querySelector(".more");

async function extend() {
  const link = more.querySelector("a");
  let next;
  try {
    const reply = await fetch(link.href);
    if (!reply.ok) return;
    next = new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch {
    // Offline: the link remains and works again later.
    return;
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
  if (more) observer.observe(more);
}

const observer = new IntersectionObserver(
  (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    extend();
  },
  { rootMargin: "600px" },
);

if (more && list) observer.observe(more);
