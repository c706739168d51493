/** Sends a form once: a second click would end the first request, and what it answers, e.g. a cookie, would be lost. */

const GIVE_UP_MS = 30_000;
let sent = new WeakMap();

const forget = () => {
  sent = new WeakMap();
};

addEventListener("submit", (event) => {
  const { target, timeStamp, defaultPrevented } = event;
  // A script sends it, and may send it again.
  if (defaultPrevented) return;
  if (timeStamp - sent.get(target) < GIVE_UP_MS) event.preventDefault();
  else sent.set(target, timeStamp);
});

// The browser has kept the page. The first `pageshow` may come after the first click.
addEventListener("pageshow", ({ persisted }) => persisted && forget());

// The person has stopped the request.
window.navigation?.addEventListener("navigateerror", forget);
