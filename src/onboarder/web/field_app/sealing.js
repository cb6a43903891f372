// @ts-check
/** @param {ArrayBuffer | Uint8Array} bytes */
export function toBase64(bytes) {
  let text = '';
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @param {string} text */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {string} text */
export const toBytes = (text) => new TextEncoder().encode(text);

/** @param {BufferSource} bytes */
export const toText = (bytes) => new TextDecoder().decode(bytes);

/** @param {number} length */
export const chance = (length) => crypto.getRandomValues(new Uint8Array(length));

/** @param {ArrayBuffer} bytes */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A new ULID: 26 characters that nobody else makes. Order is never taken from it, so a wrong clock harms nothing.
 * @param {number} [at] milliseconds since 1970
 */
export function ulid(at = Date.now()) {
  let time = Math.min(2 ** 48 - 1, Math.max(0, Math.floor(at)));
  let head = '';
  for (let place = 0; place < 10; place += 1) {
    head = ALPHABET[time % 32] + head;
    time = Math.floor(time / 32);
  }
  const chance = crypto.getRandomValues(new Uint8Array(16));
  return head + [...chance].map((byte) => ALPHABET[byte % 32]).join('');
}

const CURVE = { name: 'ECDH', namedCurve: 'P-256' };
const INFO = toBytes('onboarder sealed box v1');

/** @typedef {{key_id: string, epk: string, nonce: string, ct: string}} Box */

/**
 * Seals to the server's public key: from here on nobody can read it on this phone, not even this app.
 * @param {{id: string, spki: string}} to
 * @param {Uint8Array<ArrayBuffer>} content
 * @param {string} about bound to it: the box opens only for this one
 * @returns {Promise<Box>}
 */
export async function sealBox(to, content, about) {
  const { subtle } = crypto;
  const theirs = await subtle.importKey('spki', fromBase64(to.spki), CURVE, false, []);
  const ours = await subtle.generateKey(CURVE, false, ['deriveBits']);
  const shared = await subtle.deriveBits({ name: 'ECDH', public: theirs }, ours.privateKey, 256);
  const key = await subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: INFO },
    await subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']),
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt'],
  );
  const nonce = chance(12);
  const ct = await subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: toBytes(about) }, key, content);
  return {
    key_id: to.id,
    epk: toBase64(await subtle.exportKey('raw', ours.publicKey)),
    nonce: toBase64(nonce),
    ct: toBase64(ct),
  };
}

const ROUNDS = 310_000;
export const MOST_TRIES = 5;

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** A PIN that does not open. */
export class WrongPin extends Error {}

/**
 * What the phone keeps of one data key: wrapped by the PIN, and sealed to the server for the day the PIN is forgotten.
 * @typedef {{kid: string, person: string, salt: Bytes, rounds: number, iv: Bytes, wrapped: ArrayBuffer,
 *   escrow: Box, tries: number}} KeptKey
 * @typedef {{kid: string, person: string, key: CryptoKey}} Vault an opened data key; it lives in memory only
 * @typedef {{kid: string, iv: Bytes, ct: ArrayBuffer}} Sealed
 */

/**
 * A new data key for a person on this phone.
 * @param {{id: string, sealing_key: {id: string, spki: string}}} me
 * @param {string} pin
 */
export async function newKey(me, pin) {
  const raw = chance(32);
  const kept = { kid: crypto.randomUUID(), person: me.id, escrow: await sealBox(me.sealing_key, raw, `phone:${me.id}`) };
  return keepUnder(kept, raw, pin);
}

/**
 * The same data key under another PIN.
 * @param {{kid: string, person: string, escrow: Box}} kept
 * @param {Bytes} raw
 * @param {string} pin
 * @returns {Promise<{kept: KeptKey, vault: Vault}>}
 */
export async function keepUnder(kept, raw, pin) {
  const { kid, person, escrow } = kept;
  const lock = { salt: chance(16), rounds: ROUNDS, iv: chance(12) };
  const wrapping = await wrappingKey(pin, lock);
  const wrapped = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: lock.iv }, wrapping, raw);
  return { kept: { kid, person, escrow, ...lock, wrapped, tries: 0 }, vault: { kid, person, key: await dataKey(raw) } };
}

/**
 * Opens a kept key. Raises WrongPin.
 * @param {KeptKey} kept
 * @param {string} pin
 * @returns {Promise<Vault>}
 */
export async function unlock(kept, pin) {
  const wrapping = await wrappingKey(pin, kept);
  const raw = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: kept.iv }, wrapping, kept.wrapped).catch(() => {
    throw new WrongPin();
  });
  return { kid: kept.kid, person: kept.person, key: await dataKey(raw) };
}

/** The key's own bytes, to keep them under a new PIN. @param {Vault} vault */
export async function rawKey(vault) {
  return new Uint8Array(await crypto.subtle.exportKey('raw', vault.key));
}

/**
 * @param {Vault} vault
 * @param {string} about what it belongs to; opens only there
 * @param {Bytes | ArrayBuffer} content
 * @returns {Promise<Sealed>}
 */
export async function sealBytes(vault, about, content) {
  const iv = chance(12);
  const how = { name: 'AES-GCM', iv, additionalData: toBytes(about) };
  return { kid: vault.kid, iv, ct: await crypto.subtle.encrypt(how, vault.key, content) };
}

/** @param {Vault} vault @param {string} about @param {Sealed} sealed */
export function openBytes(vault, about, { iv, ct }) {
  return crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: toBytes(about) }, vault.key, ct);
}

/** @param {Vault} vault @param {string} about @param {unknown} value */
export const seal = (vault, about, value) => sealBytes(vault, about, toBytes(JSON.stringify(value)));

/** @param {Vault} vault @param {string} about @param {Sealed} sealed @returns {Promise<any>} */
export const open = async (vault, about, sealed) => JSON.parse(toText(await openBytes(vault, about, sealed)));

/** @param {Bytes | ArrayBuffer} raw */
function dataKey(raw) {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', true, ['encrypt', 'decrypt']);
}

/** @param {string} pin @param {{salt: Bytes, rounds: number}} lock */
async function wrappingKey(pin, { salt, rounds }) {
  const word = await crypto.subtle.importKey('raw', toBytes(pin), 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds };
  return crypto.subtle.deriveKey(how, word, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}
