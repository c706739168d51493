/**
 * What cards of looks can do besides being a link: hovering or a long press shows what Eva looked at, and a double tap
 * gives a heart.
 */

const HOVER_MS = 180;
const PRESS_MS = 450;
const DOUBLE_TAP_MS = 260;

let timer = 0;
let tapped = null;
/** Whether the tap that ends now was a long press, and opens nothing. */
let wasPressed = false;

const cardOf = (target) => target.closest?.(".look[data-map]");

function showMap(card) {
  if (card.querySelector(".map")) return;
  const map = new Image();
  map.className = "map";
  map.alt = "";
  map.src = card.dataset.map;
  card.querySelector(".frame").append(map);
}

function hideMap(card) {
  clearTimeout(timer);
  card?.querySelector(".map")?.remove();
}

/** Open a look after a tap that no second one follows; a second one gives the heart. */
function tap(card, link) {
  if (tapped?.card === card) {
    clearTimeout(tapped.wait);
    tapped = null;
    const button = card.querySelector(".heart button");
    if (button.getAttribute("aria-pressed") === "false") button.click();
    return;
  }
  clearTimeout(tapped?.wait);
  const wait = setTimeout(() => {
    tapped = null;
    location.assign(link.href);
  }, DOUBLE_TAP_MS);
  tapped = { card, wait };
}

addEventListener("pointerover", (event) => {
  const card = cardOf(event.target);
  if (!card || event.pointerType !== "mouse" || card.contains(event.relatedTarget)) return;
  clearTimeout(timer);
  timer = setTimeout(showMap, HOVER_MS, card);
});

addEventListener("pointerout", (event) => {
  const card = cardOf(event.target);
  if (card && !card.contains(event.relatedTarget)) hideMap(card);
});

addEventListener("pointerdown", (event) => {
  const card = cardOf(event.target);
  wasPressed = false;
  if (!card || event.pointerType === "mouse") return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    wasPressed = true;
    showMap(card);
  }, PRESS_MS);
});

for (const name of ["pointerup", "pointercancel"]) addEventListener(name, (event) => {
  if (event.pointerType !== "mouse") hideMap(cardOf(event.target));
});

addEventListener("contextmenu", (event) => {
  if (wasPressed && cardOf(event.target)) event.preventDefault();
});

addEventListener("click", (event) => {
  const card = cardOf(event.target);
  const link = event.target.closest?.(".stretched-link");
  if (!card || !link || event.pointerType !== "touch") return;
  const takesHeart = card.querySelector(".heart") !== null;
  if (wasPressed || takesHeart) event.preventDefault();
  if (!wasPressed && takesHeart) tap(card, link);
});
