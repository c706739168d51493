// A Mini App of Telegram: brings what Telegram gave this page in its address, and goes on to where the answer says.

const part = (id) => document.querySelector(`#${id}`);
const tab = part("tab").querySelector("a");
const framed = window.parent !== window;

const show = (...shown) => {
  for (const id of ["wait", "elsewhere", "apart", "tab", "ways"]) part(id).hidden = !shown.includes(id);
};

function goOn(next) {
  if (!framed) {
    location.replace(next);
    return;
  }
  // No cookie would be kept in here.
  tab.href = next;
  show("apart", "tab");
}

async function enter(initData) {
  show("wait");
  try {
    const answer = await fetch("/login/telegram/app", {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ init_data: initData }),
    });
    const found = await answer.json();
    if (answer.ok) {
      goOn(found.next);
      return;
    }
    part("elsewhere").textContent = found.message;
  } catch {
    // No network: what the page says about Telegram is still the best advice.
  }
  show("elsewhere", "ways");
}

if (framed) {
  document.documentElement.classList.add("framed");
  // Telegram Web's frame is a sandbox, and so would every tab be that it opens: Telegram itself is asked to open links,
  // see https://core.telegram.org/api/web-events#web-app-open-link.
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link) return;
    event.preventDefault();
    const asked = { eventType: "web_app_open_link", eventData: { url: link.href } };
    window.parent.postMessage(JSON.stringify(asked), tab.dataset.frame);
  });
}

const initData = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
if (initData) {
  // Not left in the address, where the history and whoever looks on would keep it.
  history.replaceState(null, "", location.pathname);
  enter(initData);
}
