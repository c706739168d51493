/** The next page of a board as one comes near its end. Without this the link leads there. */

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
    // The link is still there for whoever is online again.
    return;
  }
  const seen = new Set([...document.querySelectorAll(".heart")].map((form) => form.dataset.look));
  for (const item of next.querySelectorAll(".looks > li")) {
    // A look that gained a heart meanwhile may come twice.
    if (!seen.has(item.querySelector(".heart").dataset.look)) list.append(document.adoptNode(item));
  }
  const following = next.querySelector(".more");
  if (following) more.replaceWith(following);
  else more.remove();
  more = following;
  if (more) watch.observe(more);
}

const watch = new IntersectionObserver(
  (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    extend();
  },
  { rootMargin: "600px" },
);

if (more && list) watch.observe(more);
