/** The login page as a Telegram Mini App: sends Telegram's init data to the server and continues with its response. */

import { post } from "./requests.js";

const TIMEOUT_MS = 30_000;
const part = (id) => document.querySelector(`#${id}`);
const tab = part("tab").querySelector("a");
const framed = window.parent !== window;

const show = (...shown) => {
  for (const id of ["wait", "elsewhere", "apart", "tab", "ways"]) part(id).hidden = !shown.includes(id);
};

function continueTo(next) {
  if (!framed) {
    location.replace(next);
    return;
  }
  // Browsers do not store cookies of a framed page.
  tab.href = next;
  show("apart", "tab");
}

async function logIn(initData) {
  show("wait");
  try {
    const response = await post("/login/telegram/app", new URLSearchParams({ init_data: initData }), TIMEOUT_MS);
    const result = await response.json();
    if (response.ok) {
      continueTo(result.next);
      return;
    }
    part("elsewhere").textContent = result.message;
  } catch {
    // No network: the text of the page about Telegram still applies.
  }
  show("elsewhere", "ways");
}

if (framed) {
  document.documentElement.classList.add("framed");
  // Telegram Web's frame is sandboxed, and so are tabs that it opens. Telegram opens links on request, see
  // https://core.telegram.org/api/web-events#web-app-open-link.
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link) return;
    event.preventDefault();
    const request = { eventType: "web_app_open_link", eventData: { url: link.href } };
    window.parent.postMessage(JSON.stringify(request), tab.dataset.frame);
  });
}

const initData = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
if (initData) {
  // Remove the data from the address and the history.
  history.replaceState(null, "", location.pathname);
  logIn(initData);
}
