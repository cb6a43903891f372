// @ts-check
import { Refused, Unreachable } from './api.js';
import { PhoneFull, read, write } from './database.js';
import { alike, named } from './traders.js';
import { open, openBytes, seal, sealBytes, sha256, ulid } from './sealing.js';

/**
 * What is to be done on the server. `needs` are operations that must have arrived before. `was` says for an edit what
 * stood there before, so that nobody else's change is overwritten. `shown` is what the canvasser sees of it.
 * @typedef {{id: string, kind: string, method: string, path: string, body: any, needs?: string[], shown: string,
 *   merchant?: string, was?: Record<string, unknown>, product?: string, photo?: Blob}} Operation
 * @typedef {{seq: number, v: 1, id: string, key: string, person: string, kid: string, needs: string[],
 *   state: 'waiting' | 'stopped', sealed: import('./sealing.js').Sealed}} Row
 * @typedef {Operation & {seq: number, state: Row['state'], blocked: boolean, problem?: import('./api.js').Problem}} Waiting
 * `later`: only this row has to wait. `failed`: the server may be in trouble with all of them.
 * @typedef {'sent' | 'later' | 'failed' | 'stopped'} Outcome
 */

export const PIECE = 128 * 1024;
const LOCK = 'outbox';
const MOST_FAILURES = 3;
/** What the server says no with and takes when it comes again as it is. */
const PASSING = ['in_progress', 'upload_spoilt'];

/** The server wants to know who is there before it takes anything more. */
export class SignedOut extends Error {}

/** What waits on this phone until the server has named it. Nothing else ever removes a row but the canvasser. */
export class Outbox {
  /**
   * @param {object} parts
   * @param {IDBDatabase} parts.db
   * @param {import('./sealing.js').Vault} parts.vault
   * @param {typeof import('./api.js').call} parts.call
   * @param {(operation: Operation, answer: any) => Promise<[string, unknown][]>} parts.arrived
   *   what to keep in `sealed` in the same transaction that forgets the row
   * @param {() => unknown} parts.changed
   */
  constructor(parts) {
    this.db = parts.db;
    this.vault = parts.vault;
    this.call = parts.call;
    this.arrived = parts.arrived;
    this.changed = parts.changed;
    /** The row at which failures ended the last sending; the next begins behind it. */
    this.failedAt = 0;
  }

  /**
   * All or nothing, and on the disk when it returns. Raises PhoneFull: then nothing was kept.
   * @param {Operation[]} operations in the order in which the server should see them
   * @param {string} [draft] the form they came from; forgotten with them
   * @param {(outbox: IDBObjectStore) => void} [also] what else is done in the same transaction
   */
  async add(operations, draft, also = (/** @type {IDBObjectStore} */ outbox) => {}) {
    const rows = await Promise.all(operations.map((one) => this.#row(one)));
    await write(this.db, ['outbox', 'photos', 'sealed'], ({ outbox, photos, sealed }) => {
      for (const { row, photo } of rows) {
        outbox.add(row);
        if (photo) photos.put(photo, row.id);
      }
      if (draft) sealed.delete(draft);
      also(outbox);
    });
    await this.changed();
  }

  /** Everything of this person that waits or was stopped, first written first. @returns {Promise<Waiting[]>} */
  async all() {
    const rows = await this.#rows();
    const here = new Set(rows.map((row) => row.id));
    return Promise.all(
      rows.filter((row) => row.kid === this.vault.kid).map(async (row) => ({
        ...(await open(this.vault, row.id, row.sealed)),
        id: row.id,
        seq: row.seq,
        state: row.state,
        blocked: row.needs.some((id) => here.has(id)),
      })),
    );
  }

  /**
   * Sends a stopped operation again, changed or as it was, after `more`. The server refused the old one, so this is a new
   * request; an edit now replaces what somebody else wrote meanwhile. All or nothing, as `add`.
   * @param {Waiting} operation @param {any} [body] @param {Operation[]} [more] @param {string} [draft]
   */
  async resend(operation, body = operation.body, more = [], draft) {
    const { seq, state, blocked, problem, ...plain } = operation;
    if (plain.was) plain.was = {}; // seen and meant
    const needs = [...(plain.needs ?? []), ...more.map((one) => one.id)];
    const sealed = await seal(this.vault, plain.id, { ...plain, needs, body });
    await this.add(more, draft, changing(seq, { key: ulid(), state: 'waiting', needs, sealed }));
  }

  /** Forgets an operation and whatever cannot arrive without it. @param {Waiting} operation */
  async discard(operation) {
    const gone = new Set([operation.id]);
    const rows = await this.#rows();
    for (const row of rows) if (row.needs.some((id) => gone.has(id))) gone.add(row.id);
    await write(this.db, ['outbox', 'photos'], ({ outbox, photos }) => {
      for (const row of rows.filter(({ id }) => gone.has(id))) {
        outbox.delete(row.seq);
        photos.delete(row.id);
      }
    });
    this.changed();
  }

  /**
   * Sends what can be sent. Two tabs never send at once. Raises SignedOut and Unreachable.
   * @returns {Promise<number>} seconds until the next try makes sense; 0: nothing is left to try
   */
  async flush() {
    return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => (lock ? this.#send() : 5));
  }

  async #send() {
    let failures = 0;
    let left = false;
    const tried = new Set();
    for (let more = true; more; ) { // what was written or came free meanwhile goes in another round
      more = false;
      const rows = await this.#rows();
      const here = new Set(rows.map((row) => row.id));
      const turn = (/** @type {Row} */ row) => Number(row.seq <= this.failedAt);
      for (const row of rows.sort((one, other) => turn(one) - turn(other))) {
        const free = !tried.has(row.seq) && !row.needs.some((id) => here.has(id));
        if (!free || row.state !== 'waiting' || row.kid !== this.vault.kid) continue;
        tried.add(row.seq);
        more = true;
        const outcome = await this.#one(row);
        if (outcome === 'sent') here.delete(row.id);
        failures = outcome === 'failed' ? failures + 1 : 0;
        left ||= outcome === 'failed' || outcome === 'later';
        if (failures < MOST_FAILURES) continue;
        this.failedAt = row.seq;
        throw new Unreachable('server in trouble');
      }
    }
    this.failedAt = 0;
    return left ? 30 : 0;
  }

  /** @param {Row} row @returns {Promise<Outcome>} */
  async #one(row) {
    try {
      return await this.#attempt(row);
    } catch (error) {
      if (error instanceof Unreachable || error instanceof SignedOut) throw error;
      Promise.reject(error); // the phone itself is in trouble with this row: the app says so, and the others go on
      return 'later';
    }
  }

  /** @param {Row} row @returns {Promise<Outcome>} */
  async #attempt(row) {
    const operation = await open(this.vault, row.id, row.sealed);
    try {
      const answer = await this.#deliver(row, operation);
      return await this.#forget(row, operation, answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (operation.method === 'DELETE' && error.status === 404) return this.#forget(row, operation, null);
      return this.#refused(row, operation, error);
    }
  }

  /** @param {Row} row @param {Operation} operation @param {Refused} error @returns {Promise<Outcome>} */
  async #refused(row, operation, { status, problem, wait }) {
    if (status === 401) throw new SignedOut(problem.code);
    if (problem.code === 'upload_quota') return 'later';
    if (status === 429) throw Object.assign(new Unreachable('asked to wait'), { wait });
    if (status >= 500 || status === 408 || PASSING.includes(problem.code)) return 'failed';
    await this.#change(row.seq, { state: 'stopped', sealed: await seal(this.vault, row.id, { ...operation, problem }) });
    return 'stopped';
  }

  /** @param {Row} row @param {Operation} operation @returns {Promise<any>} the server's body */
  async #deliver(row, operation) {
    const { method, path, body, was, kind } = operation;
    const headers = { 'Idempotency-Key': row.key };
    if (kind === 'photo') return this.#photo(row, operation, headers);
    if (was) return this.#edit(operation, headers);
    const answer = await this.call(method, path, { body, headers });
    if (answer.status === 201 && !named(answer.body, row.id)) throw new Unreachable('another answer');
    return answer.body;
  }

  /** Sees first what stands there now: an own edit that arrived is done, a foreign one stops this. */
  async #edit(/** @type {Operation} */ operation, /** @type {Record<string, string>} */ headers) {
    const { method, path, body, was, product, merchant } = operation;
    const current = await this.call('GET', `/merchants/${merchant}`);
    const there = product ? current.body.products.find((/** @type {any} */ one) => named(one, product)) : current.body;
    const same = (/** @type {Record<string, unknown>} */ wanted) =>
      Object.keys(wanted).every((field) => alike(there?.[field], wanted[field]));
    if (there && same(body)) return current.body;
    const etag = product ? there?.etag : current.etag;
    // An edit puts on sale again what somebody took off meanwhile: only one that is seen and meant, with nothing in `was`, may.
    const off = there?.active === false && Object.keys(/** @type {any} */ (was)).length;
    const match = there && !off && same(/** @type {any} */ (was)) ? etag : '"-"';
    return (await this.call(method, path, { body, headers: { ...headers, 'If-Match': match } })).body;
  }

  /** Goes on where the server has got to. */
  async #photo(/** @type {Row} */ row, /** @type {Operation} */ { body }, /** @type {Record<string, string>} */ headers) {
    const sealed = await read(this.db, 'photos', (photos) => photos.get(row.id));
    const bytes = new Blob([await openBytes(this.vault, row.id, sealed)]);
    let at = (await this.call('POST', '/uploads', { body, headers })).body;
    while (!at.done) {
      const piece = bytes.slice(at.offset, at.offset + PIECE);
      at = piece.size ? await this.#piece(row, piece, at.offset) : (await this.call('GET', `/uploads/${row.id}`)).body;
      if (!piece.size && !at.done) throw new Unreachable('another answer');
    }
    return at;
  }

  async #piece(/** @type {Row} */ row, /** @type {Blob} */ piece, /** @type {number} */ offset) {
    const headers = { 'Upload-Offset': String(offset) };
    try {
      return (await this.call('PATCH', `/uploads/${row.id}`, { piece, headers, seconds: 90 })).body;
    } catch (error) {
      if (error instanceof Refused && error.problem.code === 'upload_offset' && error.body.offset !== offset) return error.body;
      throw error;
    }
  }

  /** @returns {Promise<'sent'>} */
  async #forget(/** @type {Row} */ row, /** @type {Operation} */ operation, /** @type {any} */ answer) {
    const forget = (/** @type {[string, unknown][]} */ kept) => write(this.db, ['outbox', 'photos', 'sealed'], ({ outbox, photos, sealed }) => {
      outbox.delete(row.seq);
      photos.delete(row.id);
      for (const [name, value] of kept) sealed.put(value, name);
    });
    await forget(await this.arrived(operation, answer)).catch((error) => {
      if (!(error instanceof PhoneFull)) throw error;
      return forget([]); // only by sending does a full phone get room: it does without the copy
    });
    this.changed();
    return 'sent';
  }

  /** @returns {Promise<{row: Omit<Row, 'seq'>, photo: import('./sealing.js').Sealed | null}>} */
  async #row(/** @type {Operation} */ { photo, ...operation }) {
    const { id, needs = [] } = operation;
    const bytes = photo && (await photo.arrayBuffer());
    if (bytes) operation.body = { id, size: bytes.byteLength, sha256: await sha256(bytes), kind: 'photo' };
    const { kid, person } = this.vault;
    const sealed = await seal(this.vault, id, operation);
    return {
      row: { v: 1, id, key: id, person, kid, needs, state: 'waiting', sealed },
      photo: bytes ? await sealBytes(this.vault, id, bytes) : null,
    };
  }

  async #change(/** @type {number} */ seq, /** @type {Partial<Row>} */ change) {
    await write(this.db, ['outbox'], ({ outbox }) => changing(seq, change)(outbox));
    this.changed();
  }

  /** @returns {Promise<Row[]>} */
  #rows() {
    return read(this.db, 'outbox', (outbox) => outbox.getAll());
  }
}

/** @param {number} seq @param {Partial<Row>} change @returns {(outbox: IDBObjectStore) => void} */
const changing = (seq, change) => (outbox) => {
  const found = outbox.get(seq);
  found.onsuccess = () => found.result && outbox.put({ ...found.result, ...change });
};

/** How many rows wait on this phone, whoever wrote them. @param {IDBDatabase} db @returns {Promise<number>} */
export const waitingOn = (db) => read(db, 'outbox', (outbox) => outbox.count());
