/** Sharing a result card as a file: by the system's share sheet, and by KakaoTalk's script where the site has a key. */

const log = document.querySelector(".log, .week-card");
const kakao = document.querySelector("#kakao-card");
const files = new Map();

const canShareFiles = () =>
  navigator.canShare?.({ files: [new File([""], "eva.jpg", { type: "image/jpeg" })] }) ?? false;

/** The card as a file. It is fetched when the card is opened: the share sheet opens only right after a tap. */
function card(url) {
  if (!files.has(url)) {
    const request = fetch(url)
      .then((response) => (response.ok ? response.blob() : Promise.reject(new Error("no card"))))
      .then((blob) => new File([blob], "eva.jpg", { type: "image/jpeg" }));
    request.catch(() => files.delete(url));
    files.set(url, request);
  }
  return files.get(url);
}

function hasKakao() {
  try {
    if (kakao && !window.Kakao.isInitialized()) window.Kakao.init(kakao.dataset.key);
    return Boolean(kakao && window.Kakao.isInitialized());
  } catch {
    // The script was blocked, does not match its hash, or did not load.
    return false;
  }
}

async function shareFile(button) {
  await navigator.share({ files: [await card(button.dataset.url)], text: button.dataset.text });
}

/** KakaoTalk's window opens only directly in a tap: the first one uploads the picture, the second one sends it. */
async function shareByKakao(button) {
  if (button.dataset.uploaded) {
    const template = JSON.parse(kakao.dataset.template);
    template.content.imageUrl = button.dataset.uploaded;
    window.Kakao.Share.sendDefault(template);
    return;
  }
  const uploaded = await window.Kakao.Share.uploadImage({ file: [await card(button.dataset.url)] });
  button.dataset.uploaded = uploaded.infos.original.url;
  button.closest("details").querySelector(".card-status").textContent = button.dataset.ready;
}

/** Shows the buttons that work in this browser. */
function offer(result) {
  const share = result.querySelector(".share-card");
  const button = result.querySelector(".kakao-card");
  share.hidden = !canShareFiles();
  if (button) button.hidden = !hasKakao();
  if (!share.hidden) card(share.dataset.url).catch(() => {});
}

for (const card of document.querySelectorAll(".week-card")) offer(card);

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.matches?.(".week-card")) offer(node);
  }
}).observe(log, { childList: true });

// The event does not bubble.
log.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.open && target.closest(".result-card")) offer(target);
  },
  true,
);

log.addEventListener("click", async ({ target }) => {
  const button = target.closest(".share-card, .kakao-card");
  if (!button) return;
  const status = button.closest(".result-card").querySelector(".card-status");
  status.textContent = "";
  try {
    await (button.matches(".share-card") ? shareFile(button) : shareByKakao(button));
  } catch (error) {
    // The menu was closed, or is open already.
    if (!["AbortError", "InvalidStateError"].includes(error.name)) status.textContent = button.dataset.failed;
  }
});
