/** Hearts, bookmarks and follows: shows the new state at once, then that of the server. Without this script, forms do it. */

import { loadPage } from "./requests.js";
import { send } from "./toast.js";

const toggleOf = (form) => ({ form, button: form.querySelector("button") });

const counter = ({ form }) =>
  form.dataset.count ? form.ownerDocument.querySelector(form.dataset.count) : form.querySelector(".count");

const show = (toggle, { given, count }) => {
  const { form, button } = toggle;
  button.setAttribute("aria-pressed", String(given));
  form.action = given ? form.dataset.take : form.dataset.give;
  const number = counter(toggle);
  if (number) number.textContent = count || (form.dataset.count ? "0" : "");
};

const state = (toggle) => ({
  given: toggle.button.getAttribute("aria-pressed") === "true",
  count: Number(counter(toggle)?.textContent),
});

/** How often the server has answered the presses of each form. */
const answered = new WeakMap();

/** Show the states of a page as they are now: the person may have changed some on another page. */
export async function refresh(url) {
  const forms = [...document.querySelectorAll(".toggle")];
  const before = new Map(forms.map((form) => [form, answered.get(form)]));
  const page = await loadPage(url);
  for (const current of page?.querySelectorAll(".toggle") ?? []) {
    const form = document.querySelector(`.toggle[data-give="${CSS.escape(current.dataset.give)}"]`);
    // The page may be older than what was pressed while it was loaded.
    const isPressed = form && (form.dataset.busy || answered.get(form) !== before.get(form));
    if (form && !isPressed) show(toggleOf(form), state(toggleOf(current)));
  }
}

addEventListener("pageshow", (event) => {
  if (event.persisted) refresh(location.href);
});

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".toggle")) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const toggle = toggleOf(form);
  const before = state(toggle);
  const { action } = form;
  show(toggle, { given: !before.given, count: before.count + (before.given ? -1 : 1) });
  toggle.button.classList.toggle("beat", !before.given);
  show(toggle, (await send(action)) ?? before);
  delete form.dataset.busy;
  answered.set(form, (answered.get(form) ?? 0) + 1);
});
