// The release is written in by the server: another one is another service worker.
const RELEASE = '{release}';
const FILES = {files};
const CACHE = `app-${RELEASE}`;
const HOLD = 120_000;

let held = null;
let drop = () => {};

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

self.addEventListener('activate', (event) => {
  const old = async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(old());
});

self.addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== 'GET' || !pathname.startsWith('/app/')) return;
  const wanted = event.request.mode === 'navigate' ? '/app/' : pathname;
  event.respondWith(caches.open(CACHE).then((cache) => cache.match(wanted)).then((found) => found ?? fetch(event.request)));
});

// An open key, for a page that the camera pushes out of memory. In memory only, two minutes, given out once. While it is
// held, a new release waits: `let_go` ends that.
self.addEventListener('message', (event) => {
  const { hold, ask, let_go: letGo, take } = event.data;
  if (ask) event.ports[0].postMessage(held);
  if (ask || letGo || hold) drop();
  if (hold) {
    held = hold;
    event.waitUntil(new Promise((resolve) => {
      const over = setTimeout(() => drop(), HOLD);
      drop = () => {
        clearTimeout(over);
        held = null;
        resolve();
      };
    }));
  }
  if (take) self.skipWaiting();
});
