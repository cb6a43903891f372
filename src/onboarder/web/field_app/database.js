// @ts-check
const NAME = 'onboarder';
const SCHEMA = 1;

/** The phone has no room left; nothing of the transaction was kept. */
export class PhoneFull extends Error {}

/**
 * Opens the phone's records. Later schemas only add: what waits to be sent outlives every release.
 * `outbox`: one row per operation, in order · `photos`: sealed pieces that wait · `sealed`: copies and drafts,
 * encrypted · `device`: keys under the PIN, language and other small settings.
 * @returns {Promise<IDBDatabase>}
 */
export function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, SCHEMA);
    request.onupgradeneeded = ({ oldVersion }) => {
      const db = request.result;
      if (oldVersion < 1) {
        db.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true }).createIndex('id', 'id', { unique: true });
        for (const name of ['photos', 'sealed', 'device']) db.createObjectStore(name);
      }
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => {
        request.result.close();
        location.reload();
      };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}

/**
 * One transaction, done when it is on the disk. A full phone is told only by `abort`, never by `error`.
 * @template T
 * @param {IDBDatabase} db
 * @param {string[]} stores
 * @param {(stores: Record<string, IDBObjectStore>) => IDBRequest<T> | void} work
 * @returns {Promise<T>} what the returned request found
 */
export function write(db, stores, work) {
  return inOne(db.transaction(stores, 'readwrite', { durability: 'strict' }), stores, work);
}

/**
 * @template T
 * @param {IDBDatabase} db
 * @param {string} store
 * @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
export function read(db, store, work) {
  return inOne(db.transaction(store, 'readonly'), [store], (/** @type {any} */ all) => work(all[store]));
}

/** @returns {Promise<any>} */
function inOne(/** @type {IDBTransaction} */ transaction, /** @type {string[]} */ stores, /** @type {Function} */ work) {
  return new Promise((resolve, reject) => {
    /** @type {IDBRequest | void} */
    let request;
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => {
      const full = transaction.error?.name === 'QuotaExceededError';
      reject(full ? new PhoneFull() : transaction.error ?? new Error('aborted'));
    };
    request = work(Object.fromEntries(stores.map((name) => [name, transaction.objectStore(name)])));
  });
}
