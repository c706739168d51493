/** The slider that fades the warm colours over the photo. */

const fade = document.querySelector(".fade");
const slider = fade.querySelector("input");
const warmth = document.querySelector(".warmth");

const follow = () => {
  warmth.style.opacity = slider.value / 100;
};

slider.addEventListener("input", follow);
follow();
fade.hidden = false;
