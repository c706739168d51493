/** The number of outfits judged today counts up to what the page says, for those who like things to move. */

const number = document.querySelector(".judged strong");

if (number && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
  const last = Number(number.dataset.count);
  const form = new Intl.NumberFormat(document.documentElement.lang);
  const begin = performance.now();
  const lasts = Math.min(1400, 250 + 40 * last);
  number.style.minWidth = `${number.getBoundingClientRect().width}px`;
  const step = (now) => {
    const share = Math.min(1, Math.max(0, (now - begin) / lasts));
    number.textContent = form.format(Math.round(last * (1 - (1 - share) ** 3)));
    if (share < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
