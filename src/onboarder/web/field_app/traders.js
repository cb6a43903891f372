// @ts-check

/**
 * @typedef {{id: string, name: string, price: number, stock: number, weight_grams: number, category: string | null,
 *   description: string | null, photos: string[], variants: {name: string, price: number, stock: number}[],
 *   etag?: string, listings?: {marketplace: string, state: string, reason: string | null}[]}} Good
 * @typedef {{id: string, purpose: string, marketplace: string | null, given: boolean, text_version: string, at: string}} Consent
 * @typedef {{id: string, merchant: string, merchant_field_id: string, marketplace: string, stage: string, done: number,
 *   total: number, sentence: string, who: string, url: string | null}} StoreBrief
 * @typedef {{id: string, field_id: string | null, market: string, name: string, shop_name: string | null, block: string,
 *   stall: string, phone?: string | null, email?: string | null, goods: string, trained_on: string | null, warnings: {code: string, title: string}[],
 *   products: Good[], consents: Consent[], stores: StoreBrief[], identity?: boolean, identities?: string[], registered_by?: string, seen?: boolean, asked?: string[],
 *   practice?: boolean, refused?: {marketplace: string, title: string, next: string}[], waits?: boolean}} Merchant
 */

/** @param {any} thing @param {string} id */
export const named = (thing, id) => thing?.id === id || thing?.field_id === id;

/** What a merchant goes by on this phone and in addresses. @param {{id: string, field_id: string | null}} merchant */
export const keyOf = (merchant) => merchant.field_id ?? merchant.id;

/**
 * The merchant as if the operation had arrived: what the screens show before the server has answered, and what stays
 * of it on the phone afterwards.
 * @param {Merchant | undefined} merchant undefined: this operation makes it
 * @param {import('./outbox.js').Operation} operation
 * @returns {Merchant | undefined}
 */
export function after(merchant, { kind, body, id, product }) {
  if (kind === 'merchant') return { ...EMPTY, ...body, field_id: id, seen: true };
  if (!merchant) return merchant;
  const { products, consents } = merchant;
  switch (kind) {
    case 'edit': return { ...merchant, ...body };
    case 'training': return { ...merchant, trained_on: body.on };
    case 'good': return { ...merchant, products: [...without(products, id), { ...body }] };
    case 'good_edit': return { ...merchant, products: products.map((one) => (named(one, product ?? '') ? { ...one, ...body } : one)) };
    case 'good_gone': return { ...merchant, products: without(products, product ?? '') };
    case 'consent': return { ...merchant, consents: [...without(consents, id), body] };
    case 'identity': return { ...merchant, identity: true };
    case 'stores': return { ...merchant, asked: body.marketplaces };
    default: return merchant;
  }
}

/** @type {Omit<Merchant, 'market' | 'name' | 'block' | 'stall'>} */
const EMPTY = { id: '', field_id: null, shop_name: null, goods: '', trained_on: null, warnings: [], products: [], consents: [], stores: [] };

/** @template {{id: string}} T @param {T[]} all @param {string} id */
const without = (all, id) => all.filter((one) => one.id !== id);

/** What was last said of a purpose; undefined: never asked. @param {Merchant} merchant @param {string} purpose @param {string | null} [marketplace] */
export function consented(merchant, purpose, marketplace = null) {
  const said = merchant.consents.filter((one) => one.purpose === purpose && (one.marketplace ?? null) === marketplace);
  return said.sort((one, other) => Date.parse(one.at) - Date.parse(other.at)).pop()?.given;
}

/** Where a merchant stands, in one word of texts_*. @param {Merchant} merchant */
export function standing(merchant) {
  const stages = merchant.stores.map((store) => store.stage);
  if (stages.includes('needs_you')) return 'needs_you';
  if (stages.includes('open')) return 'open';
  if (stages.length || merchant.asked?.length) return 'under_way';
  if (!merchant.trained_on) return 'untrained';
  if (!merchant.seen) return 'trained';
  if (!consented(merchant, 'data')) return 'no_consent';
  return merchant.products.length ? 'ready' : 'no_goods';
}

/** The server says '' where the phone says null. @param {unknown} one @param {unknown} other */
export const alike = (one, other) => JSON.stringify(one ?? '') === JSON.stringify(other ?? '');

/**
 * What an edit changes, and what stood there before.
 * @param {any} known @param {any} body
 * @returns {{was: Record<string, unknown>, body: Record<string, unknown>, any: boolean}}
 */
export function changes(known, body) {
  const names = Object.keys(body).filter((one) => !alike(known[one], body[one]));
  const only = (/** @type {any} */ from) => Object.fromEntries(names.map((one) => [one, from[one] ?? null]));
  return { was: only(known), body: only(body), any: names.length > 0 };
}

/** @param {Merchant} merchant @param {string} words */
export function matches(merchant, words) {
  const text = [merchant.name, merchant.shop_name, merchant.block, merchant.stall, merchant.goods, merchant.market].join(' ').toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/**
 * @typedef {{code: string, who: string, title: string, minutes: number}} Need
 * @typedef {{name: string, title: string, practice: boolean, limits: Record<string, number>, categories?: string[], needs: Need[], steps?: Need[]}} Rules
 * @typedef {Need & {subject: string}} Missing
 */

/**
 * What is still missing before a shop can be opened, judged as the server judges, also without signal. Goods that lack
 * something do not keep the others from going up.
 * @param {Merchant} merchant
 * @param {Rules} rules of one marketplace
 * @returns {{ready: boolean, minutes: number, missing: Missing[]}}
 */
export function readiness(merchant, rules) {
  /** @type {[string, string][]} code and what lacks it */
  const lacks = [];
  const consent = (/** @type {string} */ purpose, /** @type {string | null} */ place = null) => {
    const said = consented(merchant, purpose, place);
    if (said === false || (said === undefined && merchant.field_id)) lacks.push([`consent_${purpose}`, '']);
  };
  if (!merchant.trained_on) lacks.push(['training', '']);
  consent('data');
  consent('marketplace', rules.name);
  const faulty = merchant.products.flatMap((one) => fault(one, rules).map((code) => /** @type {[string, string]} */ ([code, one.name])));
  if (faulty.length === merchant.products.length) lacks.push(['goods', '']);
  const missing = [...lacks, ...faulty].flatMap(([code, subject]) => rules.needs.filter((need) => need.code === code).map((need) => ({ ...need, subject })));
  return { ready: !lacks.length, minutes: missing.reduce((sum, one) => sum + one.minutes, 0), missing };
}

/** The first thing that the marketplace is known to refuse; a category that the server will choose is none. @param {Good} good @param {Rules} rules */
function fault(good, { limits, categories }) {
  const prices = good.variants.length ? good.variants.map((one) => one.price) : [good.price];
  /** @type {[string, boolean][]} */
  const fine = [
    ['category', !good.category || !categories || categories.includes(good.category)],
    ['title', within(good.name.length, limits.title_min, limits.title_max)],
    ['photos', good.photos.length >= limits.photos_min],
    ['variants', good.variants.length <= limits.variants_max],
    ['price', prices.every((price) => within(price, limits.price_min, limits.price_max))],
  ];
  return fine.filter(([, holds]) => !holds).map(([code]) => code).slice(0, 1);
}

/** @param {number} value @param {number} least @param {number} most */
const within = (value, least, most) => value >= least && value <= most;
