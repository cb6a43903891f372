// @ts-check
import { Refused, Unreachable, call } from './api.js';
import { openDatabase, read, write } from './database.js';
import { Outbox, SignedOut, waitingOn } from './outbox.js';
import { after, keyOf } from './traders.js';
import { MOST_TRIES, WrongPin, fromBase64, keepUnder, newKey, open, openBytes, rawKey, seal, sealBytes, unlock } from './sealing.js';

const COPIES = ['me', 'rules', 'texts', 'merchants', 'work'];
const FAST = 3_000;
const SLOW = 15_000;
const QUIET_AFTER = 60_000;

/** The key is away until the server has said who this is. */
export class Locked extends Error {}

/** A merchant as the server shows it in full. @param {any} body */
const whole = (body) => ({ ...body, seen: true, products: body.products.filter((/** @type {any} */ one) => one.active !== false) });

/** What this phone knows and does. Screens read it and are told of changes; it never touches the page. */
export class Phone {
  /** @param {IDBDatabase} db @param {Record<string, any>} device */
  constructor(db, device) {
    this.db = db;
    this.device = device;
    /** @type {any} */ this.me = null;
    /** @type {any} */ this.rules = { marketplaces: [], categories: [], weights: [] };
    /** @type {any[]} */ this.texts = [];
    /** @type {Map<string, import('./traders.js').Merchant>} */ this.merchants = new Map();
    /** @type {{stores: import('./traders.js').StoreBrief[], tasks: any[]}} */ this.work = { stores: [], tasks: [] };
    /** @type {import('./outbox.js').Waiting[]} */ this.waiting = [];
    /** @type {Outbox | null} */ this.outbox = null;
    /** @type {import('./sealing.js').Vault | null} */ this.vault = null;
    /** Why nothing is sent: `pin_needed`, `sign_in`, `enrol_again`. @type {string} */ this.paused = '';
    this.reached = true;
    this.pin = '';
    this.failures = 0;
    this.moved = Date.now();
    /** @type {() => void} */ this.told = () => {};
    this.tabs = new BroadcastChannel('outbox');
    this.tabs.onmessage = () => this.#reread();
  }

  static async start() {
    const db = await openDatabase();
    const names = await read(db, 'device', (device) => device.getAllKeys());
    const values = await read(db, 'device', (device) => device.getAll());
    return new Phone(db, Object.fromEntries(names.map((name, at) => [name, values[at]])));
  }

  /** @param {string} name @param {any} value */
  async set(name, value) {
    this.device[name] = value;
    await write(this.db, ['device'], ({ device }) => void device.put(value, name));
  }

  /** @returns {import('./sealing.js').KeptKey | undefined} the key of whoever was here last */
  get kept() {
    return this.device[`key ${this.device.kid}`];
  }

  get waits() {
    return waitingOn(this.db);
  }

  /**
   * Takes the phone into a person's hands. What an earlier PIN sealed is opened by the server; if it cannot, by `old`.
   * Raises Refused, Unreachable, WrongPin (of `old`).
   * @param {string} token @param {string} pin @param {string} device
   */
  async enrol(token, pin, device) {
    this.me = (await call('POST', '/session/enrolment', { body: { token, pin, device } })).body;
    await this.#take(pin);
  }

  async #take(/** @type {string} */ pin) {
    const mine = Object.values(this.device).find((one) => one?.wrapped && one.person === this.me.id);
    const raw = mine && (await this.#rawOf(mine, pin));
    const made = raw ? await keepUnder(mine, raw, pin) : await newKey(this.me, pin);
    await this.set(`key ${made.kept.kid}`, made.kept);
    await this.set('kid', made.kept.kid);
    await this.set('ended', false);
    navigator.storage?.persist?.();
    await this.#opened(made.vault);
  }

  /** @returns {Promise<Uint8Array<ArrayBuffer> | null>} */
  async #rawOf(/** @type {import('./sealing.js').KeptKey} */ kept, /** @type {string} */ pin) {
    if (this.vault?.kid === kept.kid) return rawKey(this.vault);
    const same = await unlock(kept, pin).catch(() => null);
    if (same) return rawKey(same);
    try {
      return fromBase64((await call('POST', '/session/data_key', { body: { box: kept.escrow } })).body.key);
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  /** Rows that an earlier PIN sealed and nobody opened since. */
  async sealedAway() {
    const rows = await read(this.db, 'outbox', (outbox) => outbox.getAll());
    return rows.filter((row) => row.kid !== this.vault?.kid && row.person === this.me?.id).length;
  }

  /**
   * Opens with the PIN, without signal too. Each try is counted before it is made. After five the key goes if nothing
   * waits; else the server has to say that the PIN is right. Raises WrongPin, Locked, Refused, Unreachable.
   * @param {string} pin
   */
  async enter(pin) {
    const kept = /** @type {import('./sealing.js').KeptKey} */ (this.kept);
    if (kept.tries >= MOST_TRIES) await call('POST', '/session/pin', { body: { pin } });
    await this.#count(kept, Math.min(kept.tries + 1, MOST_TRIES));
    const vault = await unlock(kept, pin).catch(() => this.#wrong(kept));
    await this.#count(kept, 0);
    this.pin = pin; // until the server has been asked whether it wants it
    await this.#opened(vault);
  }

  /** A full phone opens all the same: only by sending does it get room. @param {import('./sealing.js').KeptKey} kept @param {number} tries */
  #count(kept, tries) {
    return this.set(`key ${kept.kid}`, { ...kept, tries }).catch(() => {});
  }

  /** @returns {Promise<never>} */
  async #wrong(/** @type {import('./sealing.js').KeptKey} */ kept) {
    if (kept.tries + 1 < MOST_TRIES) throw new WrongPin(String(MOST_TRIES - kept.tries - 1));
    if (!(await this.waits)) await this.forget();
    throw new Locked();
  }

  /** Goes on with a key that was open a moment ago. @param {import('./sealing.js').Vault} vault */
  async #opened(vault) {
    this.vault = vault;
    this.paused = '';
    this.outbox = new Outbox({ db: this.db, vault, call, arrived: (done, answer) => this.#arrived(done, answer), changed: () => this.#changed() });
    for (const name of COPIES) {
      const copy = await read(this.db, 'sealed', (sealed) => sealed.get(name));
      if (copy?.kid === vault.kid) this.#hold(name, await open(vault, name, copy));
    }
    if (this.me) await this.#keep('me', this.me);
    await this.#reread();
  }

  /** @param {import('./sealing.js').Vault} vault */
  reopen(vault) {
    return this.#opened(vault);
  }

  lock() {
    this.vault = this.outbox = null;
    this.merchants = new Map();
    this.waiting = [];
    this.told();
  }

  /** Everything goes, what waits as well. */
  async forget() {
    this.lock();
    this.device = { lang: this.device.lang };
    await write(this.db, ['outbox', 'photos', 'sealed', 'device'], (stores) => Object.values(stores).forEach((store) => store.clear()));
  }

  async leave() {
    await call('DELETE', '/session').catch((error) => {
      if (!(error instanceof Refused)) throw error;
    });
    await this.forget();
  }

  /** The time as the server has it: a phone's clock may be years off. */
  now() {
    return Date.now() + (this.device.skew ?? 0);
  }

  /** Today where the markets are. */
  get today() {
    return new Date(this.now()).toLocaleDateString('sv', { timeZone: 'Asia/Jakarta' });
  }

  /** The marketplaces for practice, or the real ones. @returns {import('./traders.js').Rules[]} */
  get places() {
    return this.rules.marketplaces.filter((/** @type {any} */ one) => this.here(one));
  }

  /** @param {string} code */
  market(code) {
    return this.me.markets.find((/** @type {any} */ one) => one.code === code)?.name ?? code;
  }

  #clock(/** @type {string} */ server) {
    const skew = Date.parse(server) - Date.now();
    if (Math.abs(skew - (this.device.skew ?? 0)) > 60_000) return this.set('skew', skew);
  }

  /** A merchant with all that waits for it. @param {string} key */
  merchant(key) {
    return this.#all().get(key);
  }

  /** Whether it belongs to the mode that the phone is in: who was invented for practice is never among the real ones. @param {{practice?: boolean} | undefined} one */
  here(one) {
    return Boolean(one?.practice) === Boolean(this.device.practice);
  }

  /** All merchants of this mode: what waits first, then those this person registered. */
  traders() {
    const rank = (/** @type {import('./traders.js').Merchant} */ one) => Number(Boolean(one.waits)) * 2 + Number(one.registered_by === this.me?.id);
    return [...this.#all().values()].filter((one) => this.here(one)).sort((one, other) => rank(other) - rank(one) || one.name.localeCompare(other.name));
  }

  #all() {
    const all = new Map(this.merchants);
    for (const store of this.work.stores) {
      const key = all.has(store.merchant_field_id) ? store.merchant_field_id : store.merchant;
      const merchant = all.get(key);
      if (merchant) all.set(key, { ...merchant, asked: [], stores: [...merchant.stores.filter((one) => one.id !== store.id), store] });
    }
    for (const operation of this.waiting) {
      const key = operation.merchant ?? '';
      const changed = after(all.get(key), operation);
      if (changed) all.set(key, { ...changed, waits: true });
    }
    return all;
  }

  /** Puts operations into the outbox, and sends them. @param {import('./outbox.js').Operation[]} operations @param {string} [draft] */
  async add(operations, draft) {
    await this.#outbox.add(operations, draft && `draft ${draft}`);
    this.sync();
  }

  /** The same for what the server refused: sends it again, changed, after `more`. @param {import('./outbox.js').Waiting} stopped @param {any} [body] @param {import('./outbox.js').Operation[]} [more] @param {string} [draft] */
  async resend(stopped, body, more, draft) {
    await this.#outbox.resend(stopped, body, more, draft && `draft ${draft}`);
    await this.sync();
  }

  get #outbox() {
    if (!this.outbox) throw new Locked();
    return this.outbox;
  }

  /** Sends what waits; called as often as there is a reason. */
  async sync() {
    if (!this.outbox || this.paused) return;
    if (this.sending) {
      this.again = true;
      return;
    }
    this.sending = true;
    clearTimeout(this.timer);
    try {
      const seconds = await this.outbox.flush().then((next) => this.#went(next), (error) => this.#pause(error));
      if (seconds) this.timer = setTimeout(() => this.sync(), seconds * 1000);
    } finally {
      this.sending = false;
    }
    if (this.again) {
      this.again = false;
      await this.sync();
    }
  }

  #went(/** @type {number} */ next) {
    this.failures = 0;
    this.#reach(true);
    return next;
  }

  /** @returns {number} seconds to wait; 0: until somebody signs in */
  #pause(/** @type {any} */ error) {
    if (error instanceof SignedOut || (error instanceof Refused && error.status === 401)) {
      this.paused = error.message;
      if (this.paused === 'enrol_again' || (this.paused === 'sign_in' && !this.device.ended)) this.lock(); // it may be in other hands
      if (this.paused === 'sign_in') this.set('ended', true);
      this.told();
      return 0;
    }
    if (!(error instanceof Unreachable)) {
      if (!(error instanceof Refused)) Promise.reject(error); // the app says so, and nothing stands still for it
      return 30;
    }
    this.failures += 1;
    this.#reach(false);
    return /** @type {any} */ (error).wait || Math.min(60, 2 ** (this.failures - 1)) * (1 + Math.random() / 2);
  }

  #reach(/** @type {boolean} */ now) {
    const news = this.reached !== now;
    this.reached = now;
    if (news) this.told();
  }

  /** Fetches what the phone should know; what cannot be had stays as it was. */
  async refresh() {
    try {
      this.me = (await call('GET', '/session')).body;
      await this.#keep('me', this.me);
      await this.#clock(this.me.now);
      if (this.me.pin_needed) await this.#givePin();
      this.pin = '';
      await this.#keep('merchants', await this.#fetchMerchants());
      await this.#keep('rules', (await call('GET', '/rules')).body);
      await this.#keep('texts', (await call('GET', '/consent-texts')).body.items);
      this.#reach(true);
    } catch (error) {
      this.#pause(error);
    }
    this.told();
  }

  async #givePin() {
    if (!this.pin) throw new SignedOut('pin_needed');
    await call('POST', '/session/pin', { body: { pin: this.pin } });
  }

  async #fetchMerchants() {
    const found = [];
    for (let next = ''; next !== null; ) {
      const { items, next: more } = (await call('GET', `/merchants?limit=200${next && `&cursor=${encodeURIComponent(next)}`}`)).body;
      found.push(...items);
      next = more;
    }
    return found.map((one) => ({ products: [], consents: [], stores: [], warnings: [], ...this.merchants.get(keyOf(one)), ...one }));
  }

  /** The whole of one merchant. Phone number and e-mail are shown but not kept. @param {string} key */
  async look(key) {
    const known = this.merchants.get(key);
    if (!known || !this.vault) return;
    try {
      const { body } = await call('GET', `/merchants/${key}`);
      this.merchants.set(key, { ...known, ...whole(body) });
      await this.#keep('merchants', [...this.merchants.values()]);
      this.told();
    } catch (error) {
      this.#pause(error);
    }
  }

  /** Asks how the shops get on: every 3 s while something moves, else more rarely. */
  async watch() {
    clearTimeout(this.poll);
    if (this.vault && !this.paused && !document.hidden) await this.#ask();
    const wait = this.reached && Date.now() - this.moved < QUIET_AFTER ? FAST : SLOW;
    this.poll = setTimeout(() => this.watch(), wait);
  }

  async #ask() {
    try {
      const { status, body, etag } = await call('GET', '/work', { headers: this.tag ? { 'If-None-Match': this.tag } : {} });
      this.#reach(true);
      if (status === 304) return;
      this.tag = etag;
      this.moved = Date.now();
      await this.#keep('work', body);
      this.told();
    } catch (error) {
      this.#pause(error);
    }
  }

  /** A form as far as it is filled in, so that nothing is lost when the camera pushes us out of memory. @param {string} form @param {any} value @param {Blob[]} [photos] */
  async draft(form, value, photos = []) {
    if (!this.vault) return;
    const vault = this.vault;
    const name = `draft ${form}`;
    const kept = {
      form: await seal(vault, name, value),
      photos: await Promise.all(photos.map(async (photo) => sealBytes(vault, name, await photo.arrayBuffer()))),
    };
    await write(this.db, ['sealed'], ({ sealed }) => void sealed.put(kept, name));
  }

  /** @param {string} form @returns {Promise<{value: any, photos: Blob[]} | null>} */
  async drafted(form) {
    const vault = this.vault;
    const name = `draft ${form}`;
    const kept = await read(this.db, 'sealed', (sealed) => sealed.get(name));
    if (!vault || kept?.form.kid !== vault.kid) return null;
    const photos = await Promise.all(kept.photos.map((/** @type {any} */ one) => openBytes(vault, name, one)));
    return { value: await open(vault, name, kept.form), photos: photos.map((bytes) => new Blob([bytes], { type: 'image/jpeg' })) };
  }

  /** @returns {Promise<[string, unknown][]>} */
  async #arrived(/** @type {import('./outbox.js').Operation} */ operation, /** @type {any} */ answer) {
    this.failures = 0;
    const key = operation.merchant ?? '';
    const before = after(this.merchants.get(key), operation);
    if (!before || !this.vault) return [];
    const news = answer?.products ? whole(answer) : {};
    const refused = operation.kind === 'stores' ? { refused: answer.refused, asked: answer.accepted.map((/** @type {any} */ one) => one.marketplace) } : {};
    this.merchants.set(key, { ...before, ...news, ...refused });
    this.moved = Date.now();
    return [['merchants', await seal(this.vault, 'merchants', this.#kept('merchants', [...this.merchants.values()]))]];
  }

  async #keep(/** @type {string} */ name, /** @type {any} */ value) {
    this.#hold(name, value);
    if (!this.vault) return;
    const kept = await seal(this.vault, name, this.#kept(name, value));
    await write(this.db, ['sealed'], ({ sealed }) => void sealed.put(kept, name)).catch(() => {}); // only a copy: a full phone does without
  }

  #kept(/** @type {string} */ name, /** @type {any} */ value) {
    return name === 'merchants' ? value.map((/** @type {any} */ { phone, email, ...rest }) => rest) : value;
  }

  #hold(/** @type {string} */ name, /** @type {any} */ value) {
    if (name === 'merchants') this.merchants = new Map(value.map((/** @type {any} */ one) => [keyOf(one), one]));
    else if (name !== 'me' || !this.me) Object.assign(this, { [name]: value });
  }

  #changed() {
    this.tabs.postMessage('changed');
    return this.#reread();
  }

  async #reread() {
    if (!this.outbox) return;
    this.waiting = await this.outbox.all();
    this.told();
  }
}
