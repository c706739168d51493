/**
 * Eva's words on a look's page, one bubble after the other as she would type them, the first time one sees the look.
 *
 * For the eyes only: all words are in the page from the beginning, each in its place, so nothing moves and readers of
 * the screen read on. A click or a key shows the rest; who asked for less motion sees everything at once.
 */

const log = document.querySelector(".typed");
const bubbles = [...log.querySelectorAll(".bubble")];
const seen = `seen ${log.dataset.of}`;

/** How long she types so many characters, in milliseconds. */
const pause = (length) => Math.min(400 + 14 * length, 1500);

/** What a browser keeps for this tab; some people let it keep nothing. */
const kept = (work) => {
  try {
    return work(sessionStorage);
  } catch {
    return null;
  }
};

const dots = document.createElement("span");
dots.className = "dots";
dots.setAttribute("aria-hidden", "true");
dots.append(...Array.from({ length: 3 }, () => document.createElement("i")));

async function type() {
  const hurried = new Promise((done) => {
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => done(true), { once: true });
  });
  for (const bubble of bubbles) {
    bubble.append(dots);
    const wait = new Promise((done) => setTimeout(done, pause(bubble.textContent.length), false));
    if (await Promise.race([hurried, wait])) break;
    bubble.classList.add("heard");
  }
  dots.remove();
  log.classList.add("done");
}

if (matchMedia("(prefers-reduced-motion: reduce)").matches || kept((tab) => tab.getItem(seen))) {
  log.classList.add("done");
} else {
  log.classList.add("speaking");
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    kept((tab) => tab.setItem(seen, "1"));
    type();
  });
  watch.observe(log);
}
