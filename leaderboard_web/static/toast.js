/** Sends a press to the server, and says why where it is not taken: in the server's words, or in the page's own. */

const notice = document.querySelector(".notice");
const line = notice.querySelector("[role=status]");
let pressed = null;

const say = (words) => {
  line.textContent = words;
  notice.classList.toggle("open", words !== "");
};

const close = () => {
  if (notice.contains(document.activeElement)) pressed?.focus();
  say("");
};

notice.querySelector("button").addEventListener("click", close);
addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});

async function refusal(reply) {
  try {
    return (await reply.json()).message || notice.dataset.trouble;
  } catch {
    // Somebody between us and the server answered, not in our way.
    return notice.dataset.trouble;
  }
}

/** What the server answers; null if it refused, or never heard of it, which is then said. */
export async function send(address, body) {
  pressed = document.activeElement;
  say("");
  let reply;
  try {
    reply = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    if (reply.ok) return await reply.json();
  } catch {
    say(notice.dataset.offline);
    return null;
  }
  say(await refusal(reply));
  return null;
}
