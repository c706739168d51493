/** Passing a look on: KakaoTalk's script, the device's own menu, the clipboard. The links need none of this. */

const section = document.querySelector(".sharing");
const said = section.querySelector(".share-status");
const { url, title, text } = section.dataset;

const say = (words) => {
  said.textContent = words;
};

function offerKakao(button) {
  const { Kakao } = window;
  try {
    if (!Kakao.isInitialized()) Kakao.init(button.dataset.key);
    button.disabled = !Kakao.isInitialized();
  } catch {
    // The script was blocked, is not what its hash says, or did not come.
  }
  button.closest("li").hidden = button.disabled;
  const template = JSON.parse(button.dataset.template);
  button.addEventListener("click", () => {
    try {
      Kakao.Share.sendDefault(template);
    } catch {
      say(said.dataset.failed);
    }
  });
}

section.querySelector(".copy").addEventListener("click", async () => {
  say("");
  try {
    await navigator.clipboard.writeText(url);
    say(said.dataset.copied);
  } catch {
    say(said.dataset.notCopied);
  }
});

const device = section.querySelector(".device");
if (navigator.share) {
  device.hidden = false;
  device.addEventListener("click", async () => {
    say("");
    try {
      await navigator.share({ title, text, url });
    } catch (error) {
      // Who closes the menu has changed their mind; who pressed twice has one open.
      if (!["AbortError", "InvalidStateError"].includes(error.name)) say(said.dataset.failed);
    }
  });
}

const kakao = section.querySelector(".kakao");
if (kakao) offerKakao(kakao);
