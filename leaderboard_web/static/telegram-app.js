// A Mini App of Telegram: brings what Telegram gave this page in its address, and goes on to where the answer says.

const wait = document.querySelector("#wait");
const elsewhere = document.querySelector("#elsewhere");

async function enter(initData) {
  elsewhere.hidden = true;
  wait.hidden = false;
  try {
    const answer = await fetch("/login/telegram/app", {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ init_data: initData }),
    });
    const found = await answer.json();
    if (answer.ok) {
      location.replace(found.next);
      return;
    }
    elsewhere.textContent = found.message;
  } catch {
    // No network: what the page says about Telegram is still the best advice.
  }
  wait.hidden = true;
  elsewhere.hidden = false;
}

const initData = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
if (initData) {
  // Not left in the address, where the history and whoever looks on would keep it.
  history.replaceState(null, "", location.pathname);
  enter(initData);
}
