// @ts-check
import { Refused, Unreachable } from './api.js';
import { fill, h, keypad, number, say, sentences, t } from './dom.js';
import { Locked } from './phone.js';
import { WrongPin } from './sealing.js';

const LENGTH = 6;

/**
 * A new phone, or one whose sign-in ended: the coordinator's QR brings the token, the canvasser chooses a PIN.
 * @param {import('./phone.js').Phone} phone @param {string | undefined} token
 * @param {(opening: () => Promise<any>) => Promise<void>} begin
 * @returns {Promise<import('./app.js').Screen>}
 */
export async function enrol(phone, token, begin) {
  const waits = await phone.waits;
  const kept = waits > 0 && h('p', { className: 'note' }, t('enrol_waits', { n: waits }));
  if (!token) return { title: t('enrol_title'), node: h('section', {}, h('p', {}, t('enrol_how')), kept) };
  let first = '';
  const node = h('section', {});
  const ask = (/** @type {string} */ question) => fill(node, kept, pinPad(question, async (pin) => {
    if (!first) {
      if (/^(\d)\1*$/.test(pin) || '0123456789876543210'.includes(pin)) return ask(t('pin_easy'));
      first = pin;
      return ask(t('pin_again'));
    }
    if (pin !== first) {
      first = '';
      return ask(t('pin_differs'));
    }
    const done = begin(() => phone.enrol(token, pin, device()));
    await done.catch((error) => {
      first = '';
      ask(t('pin_choose'));
      say(told(error), true);
    });
  }));
  ask(t('pin_choose'));
  return { title: t('enrol_title'), node };
}

/**
 * Asks for the PIN.
 * @param {import('./phone.js').Phone} phone
 * @param {(opening: () => Promise<any>) => Promise<void>} begin
 * @returns {import('./app.js').Screen}
 */
export function lock(phone, begin) {
  const node = h('section', {});
  const ask = (/** @type {string} */ question) => fill(node, pinPad(question, (pin) =>
    begin(() => phone.enter(pin)).catch((error) => {
      if (!phone.kept) location.reload();
      ask(told(error));
    })));
  ask(t((phone.kept?.tries ?? 0) >= 5 ? 'pin_locked' : 'pin_ask'));
  return { title: t('lock_title'), node };
}

/** @param {any} error */
function told(error) {
  if (error instanceof WrongPin) return t('pin_wrong', { n: error.message });
  if (error instanceof Locked) return t('pin_locked');
  if (error instanceof Refused) return sentences(error.problem);
  if (!(error instanceof Unreachable)) throw error;
  return t('no_signal');
}

/** @param {string} question @param {(pin: string) => any} done */
function pinPad(question, done) {
  const input = number({ name: 'pin', type: 'password', maxLength: LENGTH, autocomplete: 'off', 'aria-label': question }, false);
  input.id = 'pin';
  const dots = h('p', { className: 'dots', 'aria-hidden': 'true' });
  const show = () => fill(dots, [...Array(LENGTH)].map((_, at) => h('i', { className: at < input.value.length ? 'on' : '' })));
  input.addEventListener('input', () => {
    show();
    if (input.value.length === LENGTH) setTimeout(() => done(input.value));
  });
  show();
  return h('div', { className: 'pin' }, h('p', { className: 'ask', role: 'alert' }, question), input, dots, keypad(() => input, t('erase')));
}

/** What the coordinator recognises the phone by. */
function device() {
  const model = /\(([^)]*)\)/.exec(navigator.userAgent)?.[1].split(';').pop()?.trim();
  return (model || 'HP').slice(0, 60);
}
