/** A report without leaving the page. If that fails, the form goes its own way. */

const form = document.querySelector(".report form");

form?.addEventListener("submit", async (event) => {
  if (form.dataset.failed) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  let taken = false;
  try {
    const body = new URLSearchParams(new FormData(form));
    const reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    taken = reply.ok;
  } catch {
    // The form is sent once more, by the browser itself, which says what is wrong.
  }
  form.removeAttribute("aria-busy");
  if (!taken) {
    form.dataset.failed = "1";
    form.requestSubmit();
    return;
  }
  const thanks = document.createElement("p");
  thanks.className = "thanks";
  thanks.tabIndex = -1;
  thanks.textContent = form.dataset.thanks;
  form.closest(".report").replaceWith(thanks);
  thanks.focus();
});
