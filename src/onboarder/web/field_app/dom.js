// @ts-check
/**
 * An element. Names starting with `on` are listeners, those with a dash attributes, others properties.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | number | null | undefined | false | (Node | string | null | false)[])} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name.includes('-') || name === 'role' || name === 'for' || name === 'capture') node.setAttribute(name, value);
    else Object.assign(node, { [name]: value });
  }
  node.append(.../** @type {Node[]} */ (children.flat(Infinity).filter((one) => one || one === 0)));
  return node;
}

/** @param {Element} node @param {...any} children */
export const fill = (node, ...children) => node.replaceChildren(...children.flat(Infinity).filter(Boolean));

/** A labelled field with room for what is wrong with it. @param {string} label @param {any} input @param {string} [hint] */
export function field(label, input, hint) {
  input.id ||= `f-${input.name}`;
  return h('p', { className: 'field' }, h('label', { for: input.id }, label), input, h('small', { className: 'hint' }, hint ?? ''));
}

/** @param {string} label @param {() => any} action @param {string} [looks] */
export function button(label, action, looks = '') {
  const node = h('button', { type: 'button', className: looks });
  node.append(label);
  node.addEventListener('click', async () => {
    node.disabled = true;
    try {
      await action();
    } finally {
      node.disabled = false;
    }
  });
  return node;
}

/** A tick with its text beside it. @param {string} name @param {any} label @param {boolean} [checked] */
export function tick(name, label, checked = false) {
  return h('label', { className: 'tick' }, h('input', { type: 'checkbox', name, checked }), h('span', {}, label));
}

/** Shows one sentence for a while, and to screen readers. @param {string} sentence @param {boolean} [bad] */
export function say(sentence, bad = false) {
  const place = /** @type {HTMLElement} */ (document.getElementById('said'));
  place.className = bad ? 'bad' : '';
  fill(place, h('p', {}, sentence));
  clearTimeout(hide);
  hide = window.setTimeout(() => fill(place), bad ? 12_000 : 4_000);
}
let hide = 0;

/** What happened, and the next step. @param {{title: string, next?: string}} problem */
export const sentences = ({ title, next }) => `${title.replace(/[.!?]?$/, (end) => end || '.')} ${next ?? ''}`;

/** What the server said no with. @param {{title: string, next?: string} | undefined} problem */
export const trouble = (problem) => problem && h('p', { className: 'note bad' }, sentences(problem));

/** @param {number} rupiah */
export const money = (rupiah) => `Rp ${grouped(rupiah)}`;

/** @param {number | string} number */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, '.');

/**
 * Our own big keys, under the thumb. They type into the number field that was touched last.
 * @param {() => HTMLInputElement} target
 * @param {string} erase what the last key is called
 * @param {string} [many] a key for several digits
 * @param {() => void} [onward] a key that goes on to the next field
 */
export function keypad(target, erase, many = '', onward) {
  const press = (/** @type {string} */ key) => {
    const input = target();
    const digits = input.value.replace(/\D/g, '');
    const next = key === '⌫' ? digits.slice(0, -1) : digits + key;
    if (next.length > input.maxLength && key !== '⌫') return;
    input.value = next;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const onpointerdown = (/** @type {Event} */ event) => event.preventDefault(); // the field keeps the focus
  const key = (/** @type {string} */ one) => h(one ? 'button' : 'span', { type: 'button', 'aria-label': one === '⌫' ? erase : one, onclick: () => press(one), onpointerdown }, one);
  if (!onward) return h('div', { className: 'keys' }, [...'123456789', many, '0', '⌫'].map(key));
  const go = h('button', { type: 'button', className: 'main', onclick: onward, onpointerdown }, t('onward'));
  return h('div', { className: 'keys wide' }, [...'123⌫456789'].map(key), go, [many, '0'].map(key));
}

/** A number typed on our keypad, or on a keyboard. @param {Record<string, any>} props @param {boolean} [thousands] */
export function number(props, thousands = true) {
  const input = h('input', { type: 'text', inputMode: 'none', autocomplete: 'off', maxLength: 9, ...props });
  const tidy = () => {
    const digits = input.value.replace(/\D/g, '').slice(0, input.maxLength);
    input.value = thousands ? grouped(digits.replace(/^0+(?=\d)/, '')) : digits;
  };
  input.addEventListener('input', tidy);
  tidy();
  return input;
}

/** @param {HTMLInputElement} input @returns {number | null} */
export function typed(input) {
  const digits = input.value.replace(/\D/g, '');
  return digits === '' ? null : Number(digits);
}

/** @type {Record<string, string>} */
let words = {};

/** The language on the screen. @type {'id' | 'en'} */
export let lang = 'id';

/** @param {'id' | 'en'} language */
export async function speak(language) {
  words = await (await fetch(new URL(`texts_${language}.json`, import.meta.url))).json();
  lang = language;
  document.documentElement.lang = language;
}

/** A sentence with its facts filled in. @param {string} key @param {Record<string, any>} [facts] */
export function t(key, facts = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ''));
}
