/** Tags of what Eva sees: a pressed one dims the photo except where its item is, until the heatmap is asked for. */

const layers = document.querySelector(".layers");
const heatmap = layers?.querySelector(".heatmap");
const DIMMED = 0.62;

const drawMap = (map, columns) => {
  const levels = Uint8Array.from(atob(map), (character) => character.charCodeAt(0));
  const canvas = document.createElement("canvas");
  canvas.className = "worn-map";
  canvas.width = columns;
  canvas.height = levels.length / columns;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  levels.forEach((level, cell) => {
    const kept = Math.min(1, Math.max(0, (level / 255 - 0.15) / 0.35));
    pixels.data[4 * cell + 3] = 255 * DIMMED * (1 - kept);
  });
  context.putImageData(pixels, 0, 0);
  return canvas;
};

const show = (pressed) => {
  layers.querySelector(".worn-map")?.remove();
  for (const button of document.querySelectorAll(".worn button")) {
    button.setAttribute("aria-pressed", String(button === pressed));
  }
  heatmap.hidden = pressed !== null;
  if (pressed !== null) {
    const { map, columns } = pressed.parentElement.dataset;
    layers.append(drawMap(map, Number(columns)));
    layers.scrollIntoView({ block: "nearest" });
  }
};

if (heatmap) {
  for (const item of document.querySelectorAll(".worn li[data-map]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.append(...item.childNodes);
    button.addEventListener("click", () => show(button.getAttribute("aria-pressed") === "true" ? null : button));
    item.append(button);
  }
  document.querySelector(".fade input").addEventListener("input", () => show(null));
}
