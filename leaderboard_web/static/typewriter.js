/**
 * Reveals the messages on a look's page one after the other, as if Eva typed them, on the first visit in a tab.
 *
 * This is visual only: all text is in the page from the start, so nothing moves and screen readers are not affected.
 * A click or a key reveals the rest; with reduced motion everything is visible at once.
 */

const log = document.querySelector(".typed");
const bubbles = [...log.querySelectorAll(".bubble")];
const storageKey = `seen ${log.dataset.of}`;

/** Typing time of a message of a length in characters, in milliseconds. */
const pause = (length) => Math.min(400 + 14 * length, 1500);

/** Use the tab's storage; some browsers refuse it. */
const withStorage = (task) => {
  try {
    return task(sessionStorage);
  } catch {
    return null;
  }
};

const dots = document.createElement("span");
dots.className = "dots";
dots.setAttribute("aria-hidden", "true");
dots.append(...Array.from({ length: 3 }, () => document.createElement("i")));

async function type() {
  const skipped = new Promise((resolve) => {
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => resolve(true), { once: true });
  });
  for (const bubble of bubbles) {
    bubble.append(dots);
    const wait = new Promise((resolve) => setTimeout(resolve, pause(bubble.textContent.length), false));
    if (await Promise.race([skipped, wait])) break;
    bubble.classList.add("heard");
  }
  dots.remove();
  log.classList.add("done");
}

if (matchMedia("(prefers-reduced-motion: reduce)").matches || withStorage((storage) => storage.getItem(storageKey))) {
  log.classList.add("done");
} else {
  log.classList.add("speaking");
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    withStorage((storage) => storage.setItem(storageKey, "1"));
    type();
  });
  observer.observe(log);
}
