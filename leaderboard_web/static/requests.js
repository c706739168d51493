/** Requests to the site's own server, each with a time limit where the browser has them (Safari since version 16). */

const PAGE_TIMEOUT_MS = 30_000;

/** Send a form and ask for JSON. Rejected without a response in time. */
export const post = (url, body, timeout) =>
  fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout?.(timeout) });

/** A page as it is now, to take parts of it; `null` if it cannot be loaded. */
export async function loadPage(url) {
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout?.(PAGE_TIMEOUT_MS) });
    return reply.ok ? new DOMParser().parseFromString(await reply.text(), "text/html") : null;
  } catch {
    return null;
  }
}
