/** Animates the number of outfits judged today, unless the person prefers reduced motion. */

const number = document.querySelector(".judged strong");

if (number && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
  const total = Number(number.dataset.count);
  const format = new Intl.NumberFormat(document.documentElement.lang);
  const start = performance.now();
  const duration = Math.min(1400, 250 + 40 * total);
  number.style.minWidth = `${number.getBoundingClientRect().width}px`;
  const step = (now) => {
    const share = Math.min(1, Math.max(0, (now - start) / duration));
    number.textContent = format.format(Math.round(total * (1 - (1 - share) ** 3)));
    if (share < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
