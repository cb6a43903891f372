// @ts-check
import { named } from './outbox.js';

/**
 * @typedef {{id: string, name: string, price: number, stock: number, weight_grams: number, category: string | null,
 *   description: string | null, photos: string[], variants: {name: string, price: number, stock: number}[],
 *   etag?: string, listings?: {marketplace: string, state: string, reason: string | null}[]}} Good
 * @typedef {{id: string, purpose: string, marketplace: string | null, given: boolean, text_version: string}} Consent
 * @typedef {{id: string, merchant: string, merchant_field_id: string, marketplace: string, stage: string, done: number,
 *   total: number, sentence: string, who: string, url: string | null}} StoreBrief
 * @typedef {{id: string, field_id: string | null, market: string, name: string, shop_name: string | null, block: string,
 *   stall: string, phone?: string | null, goods: string, trained_on: string | null, warnings: {code: string, title: string}[],
 *   products: Good[], consents: Consent[], stores: StoreBrief[], identity?: boolean, asked?: string[],
 *   refused?: {marketplace: string, title: string, next: string}[], waits?: boolean}} Merchant
 */

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
  if (kind === 'merchant') return { ...EMPTY, ...body, field_id: id };
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

/** The consent that holds now. @param {Merchant} merchant @param {string} purpose @param {string | null} [marketplace] */
export function consented(merchant, purpose, marketplace = null) {
  return merchant.consents.findLast((one) => one.purpose === purpose && (one.marketplace ?? null) === marketplace)?.given ?? false;
}

/** Where a merchant stands, in one word of texts_*. @param {Merchant} merchant */
export function standing(merchant) {
  const stages = merchant.stores.map((store) => store.stage);
  if (stages.includes('needs_you')) return 'needs_you';
  if (stages.includes('open')) return 'open';
  if (stages.length || merchant.asked?.length) return 'under_way';
  if (!merchant.trained_on) return 'untrained';
  if (!consented(merchant, 'data')) return 'no_consent';
  return merchant.products.length ? 'ready' : 'no_goods';
}

/** @param {Merchant} merchant @param {string} words */
export function matches(merchant, words) {
  const text = [merchant.name, merchant.shop_name, merchant.block, merchant.stall, merchant.goods, merchant.market].join(' ').toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/**
 * @typedef {{code: string, who: string, title: string, minutes: number}} Need
 * @typedef {Record<string, number>} Limits
 * @typedef {{name: string, title: string, practice: boolean, limits: Limits, needs: Need[]}} Rules
 * @typedef {{code: string, subject: string, title: string, who: string, minutes: number}} Missing
 */

/**
 * What is still missing before a shop can be opened, judged as the server judges, also without signal.
 * @param {Merchant} merchant
 * @param {Rules} rules of one marketplace
 * @returns {{ready: boolean, minutes: number, missing: Missing[]}} `ready`: nothing is left for canvasser or merchant now
 */
export function readiness(merchant, rules) {
  const missing = rules.needs.flatMap((need) => LACKING[need.code]?.(merchant, rules).map((subject) => ({ ...need, subject })) ?? []);
  return { ready: !missing.length, minutes: missing.reduce((sum, one) => sum + one.minutes, 0), missing };
}

/** What a need lacks it for: names of goods, '' for the merchant. @type {Record<string, (merchant: Merchant, rules: Rules) => string[]>} */
const LACKING = {
  training: (merchant) => whole(merchant.trained_on),
  consent_data: (merchant) => whole(consented(merchant, 'data')),
  consent_marketplace: (merchant, { name }) => whole(consented(merchant, 'marketplace', name)),
  goods: ({ products }) => whole(products.length),
  photos: (merchant, { limits }) => goods(merchant, (one) => one.photos.length >= limits.photos_min),
  title: (merchant, { limits }) => goods(merchant, (one) => within(one.name.length, limits.title_min, limits.title_max)),
  price: (merchant, { limits }) => goods(merchant, (one) => prices(one).every((price) => within(price, limits.price_min, limits.price_max))),
  variants: (merchant, { limits }) => goods(merchant, (one) => one.variants.length <= limits.variants_max),
  weight: (merchant) => goods(merchant, (one) => one.weight_grams > 0),
};

/** @param {unknown} there */
const whole = (there) => (there ? [] : ['']);

/** @param {Merchant} merchant @param {(one: Good) => boolean} fine */
const goods = (merchant, fine) => merchant.products.filter((one) => !fine(one)).map((one) => one.name);

/** @param {number} value @param {number} least @param {number} most */
const within = (value, least, most) => value >= least && value <= most;

/** @param {Good} good */
const prices = (good) => (good.variants.length ? good.variants.map((one) => one.price) : [good.price]);
