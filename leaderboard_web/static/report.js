/** Sends a report without leaving the page. After an error the form stays filled in. */

import { send } from "./toast.js";

const form = document.querySelector(".report form");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  const accepted = await send(form.action, new URLSearchParams(new FormData(form)));
  form.removeAttribute("aria-busy");
  if (!accepted) return;
  const thanks = document.createElement("p");
  thanks.className = "thanks";
  thanks.tabIndex = -1;
  thanks.textContent = form.dataset.thanks;
  form.closest(".report").replaceWith(thanks);
  thanks.focus();
});
