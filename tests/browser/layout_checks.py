"""What is measured on a page: whether it moved while it came, what sticks out of it, and who cannot use it.

A page is loaded once for all of it: a window is resized and the color scheme switched much faster than a page loads.
"""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WIDTHS = (320, 360, 768, 1280)
"""px; the narrowest that has to be readable without scrolling sideways (WCAG 2.2, 1.4.10), and common ones."""

NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""The time of a frame of a page, in milliseconds; all that was in the page before has been drawn."""

LAYOUT_SHIFT = """(since) => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const each of list.getEntries()) {
            if (!each.hadRecentInput && each.startTime >= since) sum += each.value;
        }
    }).observe({ type: "layout-shift", buffered: true });
    document.fonts.ready.then(() => requestAnimationFrame(() => setTimeout(() => done(sum), 100)));
})"""
"""How much of the page moved without being asked to, until it and its fonts have come; since that time, if given."""

MAX_LAYOUT_SHIFT = 0.02
"""Smaller ones are those of rounding, and of scroll bars."""

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

IN_WIDTH = """element => {
    const box = element.getBoundingClientRect();
    return box.left >= 0 && box.right <= document.documentElement.clientWidth;
}"""
"""Whether an element is in the window from its left to its right edge."""

FIND_SMALL_TARGETS = """() => {
    const found = [];
    const targets = "a, button, summary, select, input:not([type=hidden]), label:has(input)";
    const isInSentence = (target) => getComputedStyle(target).display === "inline"
        && [...target.parentNode.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    for (const target of document.querySelectorAll(targets)) {
        if (!target.checkVisibility({ visibilityProperty: true }) || isInSentence(target)) continue;
        // What is larger than its own box.
        if (target.matches(".skip, label input, .stretched-link")) continue;
        target.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
        const box = target.getClientRects()[0];
        const middle = [box.left + box.width / 2, box.top + box.height / 2];
        const takes = (x, y) => {
            const hit = document.elementFromPoint(x, y);
            return target.contains(hit) || hit?.closest(targets) === target;
        };
        const reach = (right, down) => {
            let length = 0;
            while (length < 24 && takes(middle[0] + right * length, middle[1] + down * length)) length += 1;
            return length;
        };
        const [width, height] = [reach(1, 0) + reach(-1, 0), reach(0, 1) + reach(0, -1)];
        if (Math.min(width, height) < 44) found.push(`${width} x ${height}: ${target.outerHTML.slice(0, 200)}`);
    }
    return found;
}"""
"""Targets that take taps on less than 44 px in one direction; those in sentences may be smaller (WCAG 2.2, 2.5.5)."""


OPTIONAL_RULES = ("label-content-name-mismatch",)
"""Rules that axe does not apply by itself: who speaks to a browser says what is to be read (WCAG 2.2, 2.5.3)."""


def find_overflow(page: Page) -> dict[int, list[str]]:
    """What sticks out at each of `WIDTHS` at which something does; the page has to have come, with its styles."""
    page.wait_for_load_state()
    found: dict[int, list[str]] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        if complaints := page.evaluate(FIND_OVERFLOW):
            found[width] = complaints
    return found


def find_violations(page: Page, *, rules: Sequence[str] = ()) -> list[str]:
    """The rules of axe that a page breaks as it is now, each with the elements; with `rules` only those."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    enabled = {rule: {"enabled": True} for rule in rules or OPTIONAL_RULES}
    options: dict[str, Any] = {"resultTypes": ["violations"], "rules": enabled}
    if rules:
        options["runOnly"] = list(rules)
    result = page.evaluate("options => axe.run(options)", options)
    return [f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}" for each in result["violations"]]


def find_faults(page: Page) -> list[str]:
    """Everything that is wrong with a page that has just been opened, in both color schemes; it ends in the other one.

    Only contrast depends on the colors, so the other rules of axe are applied once.
    """
    page.wait_for_load_state()
    found = []
    if (shift := page.evaluate(LAYOUT_SHIFT)) >= MAX_LAYOUT_SHIFT:
        found.append(f"layout shift {shift}")
    size = page.viewport_size
    assert size is not None
    found += find_violations(page)
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.emulate_media(color_scheme="light" if is_dark else "dark")
    found += [f"in the other colors, {each}" for each in find_violations(page, rules=["color-contrast"])]
    found += [f"{width} px: {complaint}" for width, texts in find_overflow(page).items() for complaint in texts]
    page.set_viewport_size(size)
    return found
