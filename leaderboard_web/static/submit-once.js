/** Sends a form once: a second click would end the first request, and what it answers, e.g. a cookie, would be lost. */

const SECOND_CLICK_MS = 3000;
let sent = new WeakMap();

addEventListener("submit", (event) => {
  const { target, timeStamp } = event;
  if (timeStamp - sent.get(target) < SECOND_CLICK_MS) event.preventDefault();
  else sent.set(target, timeStamp);
});

// The browser may have kept the page.
addEventListener("pageshow", () => {
  sent = new WeakMap();
});
