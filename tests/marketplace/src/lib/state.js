/**
 * What the control route sets and the middlewares obey. It lives on globalThis because Medusa
 * loads routes and middlewares separately.
 *
 * moderation: a vendor's "published" or "rejected" becomes "proposed", as on a marketplace with
 *             a review (Mercur 2.1.5 itself lets every vendor publish).
 * rps:        requests a second that /vendor and /auth answer before they say 429; 0 = no limit.
 * faults:     see faults.js.
 * requests:   what arrived at /vendor and /auth; injected: which faults were met, by kind.
 */
const fresh = () => ({
  moderation: true,
  rps: 0,
  faults: [],
  requests: 0,
  limited: 0,
  injected: {},
});

globalThis.fixtureState ??= fresh();

module.exports = { state: globalThis.fixtureState, fresh };
