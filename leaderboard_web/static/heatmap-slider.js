/** The slider that fades the heatmap over the photo. */

const slider = document.querySelector(".fade input");
const heatmap = document.querySelector(".heatmap");

const update = () => {
  heatmap.style.opacity = slider.value / 100;
};

slider.addEventListener("input", update);
update();
