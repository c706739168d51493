"""What is measured on a page: whether it moved while it came, and what sticks out of it or of its own box."""

from playwright.sync_api import Page

WIDTHS = (320, 360, 768, 1280)
"""px; the narrowest that has to be readable without scrolling sideways (WCAG 2.2, 1.4.10), and common ones."""

LAYOUT_SHIFT = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const each of list.getEntries()) if (!each.hadRecentInput) sum += each.value;
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(sum), 500);
})"""
"""How much of the page moved without being asked to."""

FIND_OVERFLOW = """() => {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push(`the page: ${root.scrollWidth} > ${root.clientWidth}`);
    const isPartOf = (element, test) => {
        for (let each = element; each; each = each.parentElement) if (test(each, getComputedStyle(each))) return true;
        return false;
    };
    const away = (each, style) =>
        style.clipPath !== "none" || ["auto", "scroll"].includes(style.overflowX) || each.matches("svg, .skip");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode;
        let box = text.parentElement;
        if (!text.data.trim() || !box.checkVisibility() || isPartOf(box, away)) continue;
        while (getComputedStyle(box).display === "inline") box = box.parentElement;
        const outer = box.getBoundingClientRect();
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const inner of range.getClientRects()) {
            if (inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.right > root.clientWidth) {
                found.push(`${box.tagName}.${box.className}: ${text.data.trim()}`);
                break;
            }
        }
    }
    return found;
}"""
"""The page itself if it is too wide, and each text that is wider than what it stands in; what scrolls may be."""


def find_overflow(page: Page) -> dict[int, list[str]]:
    """What sticks out at each of `WIDTHS` at which something does; the page has to have come, with its styles."""
    page.wait_for_load_state()
    found: dict[int, list[str]] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        if complaints := page.evaluate(FIND_OVERFLOW):
            found[width] = complaints
    return found
