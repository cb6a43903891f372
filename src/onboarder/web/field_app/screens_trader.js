// @ts-check
import { button, field, fill, h, money, say, tick, trouble, lang, t } from './dom.js';
import { sealBox, toBytes, ulid } from './sealing.js';
import { changes, consented, keyOf, readiness } from './traders.js';

const NIK = 16;

/** One trader: what is there, what is missing, how the shops get on. @param {import('./phone.js').Phone} phone @param {string} key @returns {import('./app.js').Screen} */
export function trader(phone, key) {
  const node = h('section', {});
  /** @type {Set<string>} */ const left = new Set();
  const update = () => {
    const merchant = phone.merchant(key);
    if (!merchant) return fill(node, h('p', {}, t('none_found')));
    if (/** @type {any} */ (node.querySelector('[name=nik]'))?.value) return;
    const open = [...node.querySelectorAll('details[open]')].map((one) => one.id);
    const steps = [training(phone, merchant), consents(phone, merchant), goods(merchant), identity(phone, merchant)].flat();
    const places = shops(phone, merchant, left, update);
    const begun = merchant.stores.length || merchant.asked?.length;
    fill(node, head(phone, merchant), begun ? [...places, ...steps] : [...steps, ...places]);
    for (const id of open) node.querySelector(`#${id}`)?.setAttribute('open', '');
  };
  update();
  phone.look(key);
  return { get title() { return phone.merchant(key)?.name ?? ''; }, node, update, back: '#/' };
}

/** @param {import('./phone.js').Phone} phone @param {import('./traders.js').Merchant} merchant */
function head(phone, merchant) {
  return [
    h('div', { className: 'row' },
      h('p', {}, [phone.market(merchant.market), merchant.block, merchant.stall].filter(Boolean).join(' · '), h('br'), merchant.goods),
      h('a', { href: `#/ubah/${keyOf(merchant)}`, className: 'button' }, t('edit_trader'))),
    merchant.phone && h('a', { href: `tel:${merchant.phone}`, className: 'tel' }, merchant.phone),
    merchant.warnings.map((one) => h('p', { className: 'note bad' }, one.title)),
    merchant.waits ? h('p', { className: 'note' }, t('on_phone')) : !merchant.seen && h('p', { className: 'note' }, t('not_seen')),
  ];
}

/** @param {import('./phone.js').Phone} phone @param {import('./traders.js').Merchant} merchant @param {Set<string>} left @param {() => void} update */
function shops(phone, merchant, left, update) {
  const judged = phone.places.map((place) => ({ place, verdict: readiness(merchant, place), store: merchant.stores.find((one) => one.marketplace === place.name) }));
  const ready = judged.filter((/** @type {any} */ { place, verdict, store }) => verdict.ready && !store && !merchant.asked?.includes(place.name));
  const chosen = () => ready.filter((/** @type {any} */ one) => !left.has(one.place.name)).map((/** @type {any} */ one) => one.place.name);
  const openShops = async () => {
    if (!chosen().length) return say(t('choose_one'), true);
    const needs = phone.waiting.filter((one) => one.merchant === keyOf(merchant)).map((one) => one.id);
    await phone.add([{ ...operation('stores', merchant, '/stores', { marketplaces: chosen(), practice: Boolean(phone.device.practice) }), method: 'POST', needs, shown: t('op_stores', { name: merchant.name }) }]);
    say(t(phone.reached ? 'opening' : 'opening_later'));
  };
  return [
    h('h2', {}, t('shops')),
    !judged.length && h('p', { className: 'note' }, t('no_places')),
    h('ul', { className: 'cards' }, judged.map((/** @type {any} */ { place, verdict, store }) => h('li', { className: 'shop' },
      h('strong', {}, place.title),
      store ? progress(store) : merchant.asked?.includes(place.name) ? h('p', {}, t('asked')) : missing(place, verdict),
      (merchant.refused ?? []).filter((one) => one.marketplace === place.name && !store).map(trouble),
      ready.length > 1 && ready.some((/** @type {any} */ one) => one.place === place) && h('label', { className: 'tick' },
        h('input', { type: 'checkbox', id: `open-${place.name}`, checked: !left.has(place.name), onchange: () => { left.delete(place.name) || left.add(place.name); update(); } }), h('span', {}, t('open_here')))))),
    ready.length > 0 && h('div', { className: 'foot' }, button(t('open_shop', { n: chosen().length }), openShops, 'main')),
  ];
}

/** @param {import('./traders.js').StoreBrief} store */
function progress(store) {
  return h('div', { className: store.stage },
    h('span', { className: `chip ${store.stage}` }, t(`stage_${store.stage}`, store)),
    store.stage === 'uploading' && h('progress', { max: store.total, value: store.done, 'aria-label': t('stage_uploading', store) }),
    h('p', {}, store.sentence),
    store.stage === 'consent' && h('a', { href: `#/tautan/${store.id}`, className: 'button main' }, t('show_link')),
    store.stage === 'needs_you' && h('a', { href: '#/tugas', className: 'button' }, t('to_tasks')),
    store.url && h('a', { href: store.url, className: 'button', rel: 'noreferrer', target: '_blank' }, t('see_shop')));
}

/** @param {import('./traders.js').Rules} place @param {ReturnType<typeof readiness>} verdict */
function missing(place, { ready, minutes, missing: all }) {
  const list = (/** @type {any[]} */ needs) => h('ul', { className: 'missing' }, needs.map((one) =>
    h('li', {}, one.subject ? `${one.subject}: ${one.title}` : one.title, h('small', {}, t('minutes', { n: one.minutes })))));
  const later = Boolean(place.steps?.length) && h('details', { id: `later-${place.name}` }, h('summary', {}, t('afterwards')), list(place.steps));
  if (!all.length) return [h('p', { className: 'good' }, t('ready')), later];
  return [ready && h('p', { className: 'good' }, t('ready_partly')),
    h('details', { id: `missing-${place.name}` }, h('summary', {}, t('missing', { n: all.length, minutes })), list(all)), later];
}

const day = (/** @type {string} */ date) => new Date(date).toLocaleDateString(lang, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** @param {import('./phone.js').Phone} phone @param {import('./traders.js').Merchant} merchant */
function training(phone, merchant) {
  return [
    h('h2', {}, t('training')),
    merchant.trained_on
      ? h('p', { className: 'good' }, t('trained_on', { on: day(merchant.trained_on) }))
      : button(t('mark_trained'), () => phone.add([{ ...operation('training', merchant, '/training', { on: phone.today }), shown: t('op_training', { name: merchant.name }) }]), 'big'),
  ];
}

/** @param {import('./phone.js').Phone} phone @param {import('./traders.js').Merchant} merchant */
function consents(phone, merchant) {
  const given = phone.texts.filter((one) => consented(merchant, one.purpose, one.marketplace)).map((one) => one.title);
  return [
    h('h2', {}, t('consents')),
    h('ul', { className: 'plain' }, given.map((title) => h('li', { className: 'good' }, `✓ ${title}`))),
    h('a', { href: `#/izin/${keyOf(merchant)}`, className: 'button big' }, t(given.length ? 'change_consents' : 'ask_consents')),
  ];
}

/** @param {import('./traders.js').Merchant} merchant */
function goods(merchant) {
  const key = keyOf(merchant);
  return [
    h('h2', {}, t('goods_n', { n: merchant.products.length })),
    h('ul', { className: 'cards' }, merchant.products.map((one) => h('li', {}, h('a', { href: `#/barang/${key}/${one.id}` },
      h('strong', {}, one.name), h('span', {}, money(one.price)), h('small', {}, t('good_facts', { stock: one.stock, photos: one.photos.length })))))),
    h('a', { href: `#/barang/${key}`, className: 'button big' }, t('add_good')),
  ];
}

/** The number is sealed to the server before it is kept anywhere; only that it was entered can be seen. @param {import('./phone.js').Phone} phone @param {import('./traders.js').Merchant} merchant */
function identity(phone, merchant) {
  const input = h('input', { name: 'nik', inputMode: 'numeric', maxLength: NIK, autocomplete: 'off' });
  const save = async () => {
    const nik = input.value.replace(/\D/g, '');
    if (nik.length !== NIK) return say(t('nik_short'), true);
    input.value = '';
    const box = await sealBox(phone.me.sealing_key, toBytes(nik), keyOf(merchant));
    await phone.add([{ ...operation('identity', merchant, '/identity', { kind: 'nik', box }), shown: t('op_identity', { name: merchant.name }) }]);
    say(t('nik_sealed'));
  };
  return h('details', { id: 'identity' }, h('summary', {}, t('identity')),
    Boolean(merchant.identity || merchant.identities?.length) && h('p', { className: 'good' }, t('nik_sealed')),
    field('NIK', input, t('nik_hint')), button(t('save'), save));
}

/** @param {string} kind @param {import('./traders.js').Merchant} merchant @param {string} path @param {any} body @returns {import('./outbox.js').Operation} */
function operation(kind, merchant, path, body) {
  const key = keyOf(merchant);
  return { id: ulid(), kind, method: 'PUT', path: `/merchants/${key}${path}`, body, needs: [key], shown: '', merchant: key };
}

const FIELDS = ['name', 'shop_name', 'block', 'stall', 'phone', 'email', 'goods'];
const UNKEPT = ['phone', 'email'];
const LONGEST = 120;

/**
 * A new trader, or changes to one; `#/ubah/<id>` of something the server refused mends that.
 * @param {import('./phone.js').Phone} phone @param {string} [key]
 * @returns {Promise<import('./app.js').Screen>}
 */
export async function traderForm(phone, key) {
  const stopped = phone.waiting.find((one) => one.id === key && one.state === 'stopped');
  const known = key ? stopped?.body ?? phone.merchant(key) : null;
  const name = `trader ${key ?? 'new'}`;
  const draft = (await phone.drafted(name))?.value;
  const start = { market: phone.device.market, ...known, ...draft };
  const wrong = Object.fromEntries((stopped?.problem?.errors ?? []).map((one) => [one.field, one.title]));

  const market = h('select', { name: 'market', required: true }, phone.me.markets.map((/** @type {any} */ one) =>
    h('option', { value: one.code, selected: one.code === start.market }, one.name)));
  const text = (/** @type {string} */ of, /** @type {any} */ more = {}) =>
    field(t(of), h('input', { name: of, value: start[of] ?? '', maxLength: LONGEST, autocomplete: 'off', ...more }), wrong[of] ?? '');
  const unseen = (/** @type {string} */ of) => key && known?.[of] === undefined;
  const form = h('form', { noValidate: true, oninput: () => phone.draft(name, content(form)), onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    trouble(stopped?.problem),
    text('name', { required: true, autocapitalize: 'words' }),
    field(t('market'), market),
    h('div', { className: 'pair' }, text('block'), text('stall')),
    text('goods', { placeholder: t('goods_example') }),
    text('phone', { type: 'tel', inputMode: 'tel', placeholder: unseen('phone') ? t('phone_kept') : '08…' }),
    text('email', { type: 'email', inputMode: 'email', placeholder: unseen('email') ? t('phone_kept') : '' }),
    text('shop_name'),
    h('div', { className: 'foot' }, button(t('save'), save, 'main')));

  async function save() {
    const body = content(form);
    const lacking = ['name', 'goods'].find((one) => !body[one]);
    if (lacking) {
      form.elements[lacking].focus();
      return say(t('lacking', { what: t(lacking) }), true);
    }
    const shown = t('op_trader', { name: body.name });
    await phone.set('market', body.market);
    if (stopped) {
      await phone.resend(stopped, { ...stopped.body, ...body }, [], name);
    } else if (key) {
      for (const one of UNKEPT) if (unseen(one) && !body[one]) delete body[one];
      const changed = changes(known, body);
      const needs = phone.waiting.filter((one) => one.merchant === key && one.kind !== 'photo').map((one) => one.id);
      if (needs.length) changed.was = {}; // nobody else has seen it yet
      if (changed.any) await phone.add([{ ...changed, id: ulid(), kind: 'edit', method: 'PATCH', path: `/merchants/${key}`, needs, shown, merchant: key }], name);
    } else {
      key = ulid();
      await phone.add([{ id: key, kind: 'merchant', method: 'POST', path: '/merchants', body: { id: key, ...body, same_person_ok: false, practice: Boolean(phone.device.practice) }, shown, merchant: key }], name);
    }
    location.replace(`#/pedagang/${stopped?.id ?? key}`);
  }

  return { title: key ? t('edit_trader') : t('new_trader').slice(2), back: key ? `#/pedagang/${key}` : '#/', node: form, form: true };
}

/** @param {any} form @returns {Record<string, any>} empty is null where the server knows no empty text */
function content(form) {
  const texts = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value.trim()]));
  return { ...texts, market: form.elements.market.value, phone: texts.phone || null, email: texts.email || null, shop_name: texts.shop_name || null };
}

/**
 * Consent, purpose by purpose: the text, what to read aloud, a tick each, one signature on glass for all.
 * @param {import('./phone.js').Phone} phone @param {string} key @returns {import('./app.js').Screen}
 */
export function consent(phone, key) {
  const merchant = phone.merchant(key);
  if (!merchant) return { title: t('none_found'), node: h('p', {}), back: '#/' };
  const asked = phone.texts.filter((one) => !one.marketplace || phone.places.some((place) => place.name === one.marketplace));
  const ticks = asked.map((text) => {
    const before = consented(merchant, text.purpose, text.marketplace) ?? false;
    const label = tick(`${text.purpose} ${text.marketplace ?? ''}`, t('agrees'), before);
    return { text, before, label, input: label.querySelector('input') };
  });
  const read = tick('read', t('was_read'));
  const glass = signature();
  const node = h('form', {},
    h('p', { className: 'lead' }, merchant.name),
    !asked.length && h('p', { className: 'note bad' }, t('no_texts')),
    ticks.map(({ text, label }) => h('fieldset', {},
      h('legend', {}, text.title, h('small', {}, ` ${t(text.required ? 'required' : 'optional')}`)),
      h('p', { className: 'aloud' }, text.summary),
      'speechSynthesis' in window && button(t('speak'), () => aloud(text)),
      h('details', {}, h('summary', {}, t('whole_text', { version: text.version })), h('p', {}, text.text)),
      label)),
    read,
    h('h2', {}, t('signature')), h('p', {}, t('sign_here')), glass.node, button(t('sign_again'), glass.clear),
    h('div', { className: 'foot still' }, button(t('save'), save, 'main')));

  async function save() {
    const changed = ticks.filter(({ input, before }) => input.checked !== before);
    const signed = changed.some(({ input }) => input.checked);
    if (!changed.length) return say(t('nothing_ticked'), true);
    if (signed && !read.querySelector('input').checked) return say(t('read_first'), true);
    if (signed && glass.empty()) return say(t('sign_first'), true);
    const box = signed ? await sealBox(phone.me.sealing_key, await glass.png(), key) : null;
    const at = new Date(phone.now()).toISOString();
    await phone.add(changed.map(({ text, input }) => {
      const id = ulid();
      const { purpose, marketplace, version } = text;
      const body = { id, purpose, marketplace, text_version: version, given: input.checked, read_aloud: read.querySelector('input').checked, signature: input.checked ? box : null, at };
      return { id, kind: 'consent', method: 'POST', path: `/merchants/${key}/consents`, body, needs: [key], merchant: key, shown: t('op_consent', { title: text.title, name: merchant?.name }) };
    }));
    globalThis.speechSynthesis?.cancel();
    location.replace(`#/pedagang/${key}`);
  }

  return { title: t('consents'), node, back: `#/pedagang/${keyOf(merchant)}`, form: true };
}

/** @param {{summary: string, lang: string}} text */
function aloud({ summary, lang: spoken }) {
  speechSynthesis.cancel();
  speechSynthesis.speak(Object.assign(new SpeechSynthesisUtterance(summary), { lang: spoken, rate: 0.95 }));
}

/** Glass to sign on. */
function signature() {
  const canvas = h('canvas', { width: 640, height: 240, className: 'glass', role: 'img', 'aria-label': t('signature') });
  const pen = canvas.getContext('2d');
  let strokes = 0;
  const clear = () => {
    strokes = 0;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, canvas.width, canvas.height);
  };
  const spot = (/** @type {PointerEvent} */ event) => {
    const frame = canvas.getBoundingClientRect();
    return [((event.clientX - frame.left) * canvas.width) / frame.width, ((event.clientY - frame.top) * canvas.height) / frame.height];
  };
  canvas.addEventListener('pointerdown', (/** @type {PointerEvent} */ event) => {
    canvas.setPointerCapture(event.pointerId);
    Object.assign(pen, { lineWidth: 4, lineCap: 'round', strokeStyle: '#111' });
    pen.beginPath();
    pen.moveTo(...spot(event));
  });
  canvas.addEventListener('pointermove', (/** @type {PointerEvent} */ event) => {
    if (!event.buttons) return;
    strokes += 1;
    pen.lineTo(...spot(event));
    pen.stroke();
  });
  clear();
  const png = () => new Promise((/** @type {(bytes: Uint8Array<ArrayBuffer>) => void} */ resolve) =>
    canvas.toBlob(async (/** @type {Blob} */ blob) => resolve(new Uint8Array(await blob.arrayBuffer())), 'image/png'));
  return { node: canvas, clear, empty: () => strokes < 5, png };
}
