/**
 * Keeps the conversation in the part of the window that a keyboard leaves. Browsers that make the page itself smaller
 * need none of this; others, as on iOS, only move it.
 */

const view = window.visualViewport;
const { style } = document.documentElement;

function fit() {
  // A page that was zoomed in is looked at in parts.
  const isCovered = view.scale < 1.05 && innerHeight - view.height > 1;
  for (const [name, value] of [["--visible-height", view.height], ["--visible-top", view.offsetTop]]) {
    if (isCovered) style.setProperty(name, `${value}px`);
    else style.removeProperty(name);
  }
}

if (view) {
  view.addEventListener("resize", fit);
  view.addEventListener("scroll", fit);
}
