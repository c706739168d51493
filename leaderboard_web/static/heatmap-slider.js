/** The slider that fades the warm colours over the photo. */

const slider = document.querySelector(".fade input");
const warmth = document.querySelector(".heatmap");

const follow = () => {
  warmth.style.opacity = slider.value / 100;
};

slider.addEventListener("input", follow);
follow();
