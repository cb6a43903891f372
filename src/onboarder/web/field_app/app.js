// @ts-check
import { button, fill, h, say, speak, t } from './dom.js';
import { Phone } from './phone.js';

/**
 * @typedef {{title: string, node: Node, update?: () => void, back?: string, form?: boolean}} Screen
 *   `update` is called when the phone has news; `form`: is not left for a new release
 */

/** Where an address leads. @type {[RegExp, () => Promise<any>, string, boolean?][]} */
const ROUTES = [
  [/^#\/$/, () => import('./screens_lists.js'), 'traders', true],
  [/^#\/baru$/, () => import('./screens_trader.js'), 'traderForm'],
  [/^#\/ubah\/(\w+)$/, () => import('./screens_trader.js'), 'traderForm'],
  [/^#\/pedagang\/([\w-]+)$/, () => import('./screens_trader.js'), 'trader'],
  [/^#\/izin\/([\w-]+)$/, () => import('./screens_trader.js'), 'consent'],
  [/^#\/barang\/([\w-]+)(?:\/([\w-]+))?$/, () => import('./screen_good.js'), 'good'],
  [/^#\/tautan\/([\w-]+)$/, () => import('./screens_lists.js'), 'link'],
  [/^#\/tugas$/, () => import('./screens_lists.js'), 'tasks', true],
  [/^#\/kirim$/, () => import('./screens_lists.js'), 'outbox', true],
  [/^#\/setelan$/, () => import('./screens_lists.js'), 'settings', true],
];
const TABS = [['#/', 'tab_traders'], ['#/tugas', 'tab_tasks'], ['#/setelan', 'tab_settings']];
const AWAY = 15 * 60_000;
const WATCHED = 1_000;

/** @type {Phone} */ let phone;
/** @type {Screen} */ let screen;
let hiddenAt = 0;
let drawn = 0;

async function start() {
  phone = await Phone.start();
  await speak(phone.device.lang ?? 'id');
  phone.told = news;
  addEventListener('hashchange', show);
  addEventListener('online', () => phone.sync());
  addEventListener('offline', news);
  document.addEventListener('visibilitychange', () => (document.hidden ? away() : back()));
  addEventListener('unhandledrejection', ({ reason }) => say(t(reason?.constructor?.name === 'PhoneFull' ? 'full' : 'failed'), true));
  const held = phone.kept && (await heldKey());
  if (held?.kid === phone.kept?.kid && held) await begin(() => phone.reopen(held));
  else await show();
  document.body.dataset.ready = 'yes';
  performance.mark('usable');
  await serviceWorker();
}

/** Opens the rooms behind the lock. @param {() => Promise<any>} opening */
async function begin(opening) {
  await opening();
  if (location.hash.startsWith('#masuk=') || !location.hash) history.replaceState(null, '', '#/');
  await show();
  phone.refresh().then(() => phone.sync());
  phone.watch();
}

async function show() {
  const token = /^#masuk=([\w-]+)/.exec(location.hash)?.[1];
  if (token || !phone.kept || phone.paused === 'enrol_again') {
    const { enrol } = await import('./screen_enrol.js');
    return draw(enrol(phone, token, begin));
  }
  if (!phone.vault) {
    const { lock } = await import('./screen_enrol.js');
    return draw(lock(phone, begin));
  }
  for (const [pattern, module, name] of ROUTES) {
    const found = pattern.exec(location.hash);
    if (found) return draw((await module())[name](phone, ...found.slice(1)));
  }
  location.hash = '#/';
}

/** @param {Screen | Promise<Screen>} coming */
async function draw(coming) {
  const turn = (drawn += 1);
  const next = await coming;
  if (turn !== drawn) return;
  screen = next;
  fill(/** @type {Element} */ (document.getElementById('main')), screen.node);
  top();
  scrollTo(0, 0);
  /** @type {HTMLElement | null} */ (document.querySelector('h1'))?.focus();
}

/** The line above, the tabs below. */
function top() {
  const inside = Boolean(phone.vault);
  const stopped = phone.waiting.filter((one) => one.state === 'stopped').length;
  const line = !navigator.onLine || !phone.reached ? 'offline' : phone.waiting.length ? 'sending' : 'all_sent';
  fill(/** @type {Element} */ (document.getElementById('top')),
    h('div', { className: 'bar' },
      screen.back && h('a', { href: screen.back, className: 'back', 'aria-label': t('back') }, '‹'),
      h('h1', { tabIndex: -1 }, screen.title),
      inside && h('a', { href: '#/kirim', className: `chip ${stopped ? 'bad' : line}` },
        stopped ? t('n_stopped', { n: stopped }) : t(line, { n: phone.waiting.length }))),
    phone.device.practice && h('p', { className: 'practice' }, t('practice_band')),
    inside && phone.paused && h('a', { className: 'paused', href: '#/', onclick: () => phone.paused === 'pin_needed' && phone.lock() }, t(`paused_${phone.paused}`)));
  const tabs = /** @type {HTMLElement} */ (document.getElementById('tabs'));
  tabs.hidden = !inside;
  tabs.setAttribute('aria-label', t('tabs'));
  fill(tabs, TABS.map(([href, key]) => h('a', { href, 'aria-current': location.hash === href ? 'page' : null },
    t(key), key === 'tab_tasks' && phone.work.tasks.length > 0 && h('b', {}, phone.work.tasks.length))));
}

/** Draws what changed; several changes at once are one. */
function news() {
  soon ||= setTimeout(() => {
    soon = undefined;
    if (Boolean(phone.vault) !== inside) {
      inside = Boolean(phone.vault);
      if (!inside) show();
    }
    const at = document.activeElement?.id;
    screen?.update?.();
    if (screen) titled(top);
    if (at && !document.activeElement?.id) document.getElementById(at)?.focus();
  }, 50);
}
/** @type {number | undefined} */ let soon;
let inside = false;

/** Leaves the focus where it is. @param {() => void} work */
function titled(work) {
  const focused = document.activeElement?.tagName === 'H1';
  work();
  if (focused) document.querySelector('h1')?.focus();
}

/** The camera often pushes us out of memory: the service worker holds the open key for two minutes, in its memory. */
function away() {
  hiddenAt = Date.now();
  if (phone.vault) navigator.serviceWorker?.controller?.postMessage({ hold: phone.vault });
}

function back() {
  if (phone.vault && Date.now() - hiddenAt > AWAY) return phone.lock();
  phone.sync();
  phone.watch();
}

/** @returns {Promise<import('./sealing.js').Vault | null>} */
function heldKey() {
  const keeper = navigator.serviceWorker?.controller;
  if (!keeper) return Promise.resolve(null);
  return new Promise((resolve) => {
    const line = new MessageChannel();
    line.port1.onmessage = ({ data }) => resolve(data);
    setTimeout(() => resolve(null), WATCHED);
    keeper.postMessage({ ask: true }, [line.port2]);
  });
}

/** A new release is taken when no form is open; drafts and what waits outlive it. */
async function serviceWorker() {
  if (!navigator.serviceWorker) return;
  const before = navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (!before) return;
    away();
    location.reload();
  });
  const registered = await navigator.serviceWorker.register('/app/sw.js', { scope: '/app/' }).catch(() => null);
  if (!registered) return;
  const offer = () => {
    if (!registered.waiting || !before) return;
    if (!screen.form) {
      registered.active?.postMessage({ let_go: true });
      registered.waiting.postMessage({ take: true });
    } else addEventListener('hashchange', () => setTimeout(offer, WATCHED), { once: true });
  };
  registered.addEventListener('updatefound', () => registered.installing?.addEventListener('statechange', offer));
  offer();
}

start().catch((error) => {
  document.getElementById('main')?.append(h('p', { role: 'alert' }, t('failed')), button(t('again'), () => location.reload()));
  throw error;
});
