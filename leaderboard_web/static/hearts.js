/** Hearts at once: the page shows the new state, the server confirms it. Without this the forms do the same. */

const show = (form, { hearts, given }) => {
  const button = form.querySelector("button");
  button.setAttribute("aria-pressed", String(given));
  form.querySelector(".count").textContent = hearts;
  form.action = `/looks/${form.dataset.look}/${given ? "unheart" : "heart"}`;
};

const state = (form) => ({
  given: form.querySelector("button").getAttribute("aria-pressed") === "true",
  hearts: Number(form.querySelector(".count").textContent),
});

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".heart")) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const before = state(form);
  const { action } = form;
  show(form, { given: !before.given, hearts: before.hearts + (before.given ? -1 : 1) });
  form.querySelector("button").classList.toggle("beat", !before.given);
  try {
    const reply = await fetch(action, { method: "POST", headers: { Accept: "application/json" } });
    show(form, reply.ok ? await reply.json() : before);
  } catch {
    show(form, before);
  } finally {
    delete form.dataset.busy;
  }
});
