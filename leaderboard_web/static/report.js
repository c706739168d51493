/** A report without leaving the page. If it is not taken, the form stays as it was filled in. */

import { send } from "./toast.js";

const form = document.querySelector(".report form");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  const taken = await send(form.action, new URLSearchParams(new FormData(form)));
  form.removeAttribute("aria-busy");
  if (!taken) return;
  const thanks = document.createElement("p");
  thanks.className = "thanks";
  thanks.tabIndex = -1;
  thanks.textContent = form.dataset.thanks;
  form.closest(".report").replaceWith(thanks);
  thanks.focus();
});
