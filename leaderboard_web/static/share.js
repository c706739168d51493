/** Sharing by KakaoTalk's script, the device's share menu and the clipboard. The links work without it. */

const section = document.querySelector(".sharing");
const status = section.querySelector(".share-status");
const { url, title, text } = section.dataset;

const showStatus = (text) => {
  status.textContent = text;
};

function offerKakao(button) {
  const { Kakao } = window;
  try {
    if (!Kakao.isInitialized()) Kakao.init(button.dataset.key);
    button.disabled = !Kakao.isInitialized();
  } catch {
    // The script was blocked, does not match its hash, or did not load.
  }
  button.closest("li").hidden = button.disabled;
  const template = JSON.parse(button.dataset.template);
  button.addEventListener("click", () => {
    try {
      Kakao.Share.sendDefault(template);
    } catch {
      showStatus(status.dataset.failed);
    }
  });
}

section.querySelector(".copy").addEventListener("click", async () => {
  showStatus("");
  try {
    await navigator.clipboard.writeText(url);
    showStatus(status.dataset.copied);
  } catch {
    showStatus(status.dataset.notCopied);
  }
});

const device = section.querySelector(".device");
if (navigator.share) {
  device.hidden = false;
  device.addEventListener("click", async () => {
    showStatus("");
    try {
      await navigator.share({ title, text, url });
    } catch (error) {
      // The menu was closed, or is open already.
      if (!["AbortError", "InvalidStateError"].includes(error.name)) showStatus(status.dataset.failed);
    }
  });
}

const kakao = section.querySelector(".kakao");
if (kakao) offerKakao(kakao);
