/**
 * Shows a page of its own where the network is missing. Everything else is left to the browser: no page about a person
 * is kept. The server puts the version of the static files in front, as `VERSION`.
 */

const CACHE = `eva-${VERSION}`;
const LANGUAGES = ["ko", "en"];
const FILES = ["tokens.css", "base.css", "display.woff2", "wordmark.woff2"].map((name) => `/static/${VERSION}/${name}`);
const offlinePage = (language) => `/offline/${language}`;

/** The language of the last page; before there is one, that of the browser. */
let language = navigator.language.startsWith("ko") ? "ko" : "en";

async function keepOfflinePages() {
  const cache = await caches.open(CACHE);
  await Promise.all([...LANGUAGES.map(offlinePage), ...FILES].map((url) => keep(cache, url)));
  await self.skipWaiting();
}

async function keep(cache, url) {
  // Without cookies: the pages are the same for everyone.
  const reply = await fetch(url, { credentials: "omit" });
  // During an update a process of another version may answer. The browser installs this script again with its next page.
  if (!reply.ok || reply.headers.get("Eva-Version") !== VERSION) throw new Error(`no ${url} of this version`);
  await cache.put(url, reply);
}

async function removeOldVersions() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  // The browser requests a page while this script is still starting.
  await self.registration.navigationPreload?.enable();
}

async function openPage(event) {
  try {
    const reply = (await event.preloadResponse) ?? (await fetch(event.request));
    language = reply.headers.get("Content-Language") ?? language;
    return reply;
  } catch {
    return (await caches.match(offlinePage(language))) ?? Response.error();
  }
}

addEventListener("install", (event) => event.waitUntil(keepOfflinePages()));
addEventListener("activate", (event) => event.waitUntil(removeOldVersions()));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(openPage(event));
  else if (FILES.includes(new URL(request.url).pathname))
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});
