// @ts-check
import { button, field, fill, grouped, h, keypad, number, say, trouble, typed, t } from './dom.js';
import { ulid } from './sealing.js';
import { changes } from './traders.js';

const LONGEST = 1600;
const QUALITY = 0.82;

/**
 * A photo as it goes up: at most 1600 px, drawn anew, so that nothing of the camera's notes (place, time, phone)
 * is left in it. Raises if the file is no picture.
 * @param {Blob} file
 * @returns {Promise<Blob>} JPEG
 */
export async function shrink(file) {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', QUALITY));
}

const MOST_PHOTOS = 5;

/**
 * Goods, fast: photo first, then name, price, stock, weight.
 * @param {import('./phone.js').Phone} phone @param {string} key the merchant @param {string} [id] a good to change
 * @returns {Promise<import('./app.js').Screen>}
 */
export async function good(phone, key, id) {
  const merchant = phone.merchant(key);
  const stopped = phone.waiting.find((one) => one.id === id && one.state === 'stopped');
  const known = stopped?.body ?? merchant?.products.find((one) => one.id === id);
  const name = `good ${key} ${id ?? 'new'}`;
  const drafted = await phone.drafted(name);
  const start = { ...known, ...drafted?.value };
  /** @type {Blob[]} */ const photos = drafted?.photos ?? [];

  const shown = h('div', { className: 'photos' });
  const wrong = new Map((stopped?.problem?.errors ?? []).map((one) => [one.field, one.title]));
  const title = h('input', { name: 'name', value: start.name ?? '', maxLength: 120, autocomplete: 'off', autocapitalize: 'sentences' });
  const price = number({ name: 'price', value: start.price ?? '' });
  const stock = number({ name: 'stock', value: start.stock ?? '', maxLength: 6 });
  const weight = number({ name: 'weight_grams', value: start.weight_grams ?? '', maxLength: 6 });
  const description = h('textarea', { name: 'description', value: start.description ?? '', rows: 3, maxLength: 2000 });
  const category = h('select', { name: 'category' }, h('option', { value: '' }, t('category_auto')), phone.rules.categories.map((/** @type {any} */ one) =>
    h('option', { value: one.code, selected: one.code === start.category }, one.title)));
  const variants = h('div', {});
  let target = price;
  const keys = h('div', { className: 'dock', hidden: true }, keypad(() => target, t('erase'), '000', onward));
  const keep = () => phone.draft(name, { ...content(), photos: undefined }, photos).catch(() => say(t('full'), true));
  const form = h('form', { noValidate: true, oninput: keep, onsubmit: (/** @type {Event} */ event) => event.preventDefault(), onfocusout: (/** @type {any} */ event) => {
    if (!event.relatedTarget) keys.hidden = true;
  }, onfocusin: (/** @type {any} */ event) => {
    const wanted = event.target.inputMode === 'none';
    if (wanted) target = event.target;
    keys.hidden = !wanted;
    if (wanted) setTimeout(() => target.scrollIntoView({ block: 'center' }));
  } },
    trouble(stopped?.problem),
    shown,
    field(t('good_name'), title, wrong.get('name')),
    h('div', { className: 'pair' }, field(t('price'), price, wrong.get('price')), field(t('stock'), stock, wrong.get('stock'))),
    field(t('weight'), weight, wrong.get('weight_grams')),
    h('div', { className: 'presets' }, phone.rules.weights.map((/** @type {any} */ one) => preset(one))),
    h('details', { open: Boolean(start.variants?.length) }, h('summary', {}, t('variants')), variants, button(t('add_variant'), () => addVariant({}))),
    h('details', {}, h('summary', {}, t('more_facts')), field(t('category'), category), field(t('description'), description)),
    id && !stopped && button(t('good_gone'), gone, 'danger'),
    h('div', { className: 'foot' }, !id && button(t('save_next'), () => save(true)), button(t('save'), () => save(false), 'main')),
    keys);
  /** The next number to type; after the last one the keys make room. */
  function onward() {
    const numbers = [...form.querySelectorAll('[inputmode=none]')];
    (numbers[numbers.indexOf(target) + 1] ?? { focus: () => target.blur() }).focus();
  }

  function preset(/** @type {{grams: number, title: string}} */ { grams, title: what }) {
    const made = button(grams < 1000 ? `${grams} g` : `${grams / 1000} kg`, () => {
      weight.value = grouped(grams);
      weight.nextSibling.textContent = what;
      return keep();
    });
    made.title = what;
    return made;
  }
  const addVariant = (/** @type {any} */ one) => variants.append(h('fieldset', { className: 'variant' },
    field(t('variant_name'), h('input', { name: 'v-name', value: one.name ?? '', id: `v${variants.childElementCount}`, maxLength: 60 })),
    h('div', { className: 'pair' }, field(t('price'), number({ name: 'v-price', id: `vp${variants.childElementCount}`, value: one.price ?? price.value })),
      field(t('stock'), number({ name: 'v-stock', id: `vs${variants.childElementCount}`, value: one.stock ?? '', maxLength: 6 })))));
  (start.variants ?? []).forEach(addVariant);
  showPhotos();

  function showPhotos() {
    const camera = h('input', { type: 'file', accept: 'image/*', capture: 'environment', id: 'camera', onchange: () => take(camera.files[0]) });
    fill(shown,
      photos.map((photo, at) => h('figure', {}, h('img', { src: URL.createObjectURL(photo), alt: t('photo_n', { n: at + 1 }) }),
        button('×', () => { photos.splice(at, 1); showPhotos(); return keep(); }, 'remove'))),
      !photos.length && known?.photos?.length > 0 && h('p', {}, t('has_photos', { n: known.photos.length })),
      photos.length < MOST_PHOTOS && h('label', { className: `camera ${photos.length ? '' : 'first'}`, for: 'camera' }, camera, h('span', {}, t(photos.length ? 'one_more' : 'take_photo'))));
    shown.querySelectorAll('.remove').forEach((/** @type {Element} */ one) => one.setAttribute('aria-label', t('remove_photo')));
  }

  async function take(/** @type {File | undefined} */ file) {
    if (!file) return;
    try {
      photos.push(await shrink(file));
    } catch {
      return say(t('no_picture'), true);
    }
    showPhotos();
    await keep();
  }

  function content() {
    return {
      name: title.value.trim(), price: typed(price), stock: typed(stock), weight_grams: typed(weight),
      category: category.value || null, description: description.value.trim() || null, photos: known?.photos ?? [],
      variants: [...variants.querySelectorAll('.variant')].map((one) => {
        const [label, cost, left] = one.querySelectorAll('input');
        return { name: label.value.trim(), price: typed(cost), stock: typed(left) ?? 0 };
      }).filter((one) => one.name),
    };
  }

  async function save(/** @type {boolean} */ next) {
    const body = content();
    const lacking = /** @type {const} */ (['name', 'price', 'stock', 'weight_grams']).find((one) => !body[one] && !(one === 'stock' && body.stock === 0));
    if (lacking) {
      form.elements[lacking].focus();
      return say(t('lacking', { what: t({ name: 'good_name', weight_grams: 'weight' }[/** @type {string} */ (lacking)] ?? lacking) }), true);
    }
    const pictures = photos.map((photo) => ({ id: ulid(), kind: 'photo', method: 'POST', path: '/uploads', body: null, photo, merchant: key, shown: t('op_photo', { name: body.name }) }));
    if (photos.length) body.photos = [...body.photos, ...pictures.map((one) => one.id)];
    const of = { path: `/merchants/${key}/goods`, merchant: key, shown: t('op_good', { name: body.name }), needs: [key, ...pictures.map((one) => one.id)] };
    if (stopped) {
      await phone.resend(stopped, { ...stopped.body, ...body }, pictures, name);
    } else if (id && known) {
      const changed = changes(known, body);
      const earlier = phone.waiting.filter((one) => one.id === id || one.product === id).map((one) => one.id);
      if (earlier.length) changed.was = { active: true }; // nobody else has seen it yet
      if (changed.any) await phone.add([...pictures, { ...of, ...changed, id: ulid(), kind: 'good_edit', method: 'PATCH', path: `${of.path}/${id}`, product: id, needs: [...of.needs, ...earlier] }], name);
    } else {
      const made = ulid();
      await phone.add([...pictures, { ...of, id: made, kind: 'good', method: 'POST', body: { id: made, ...body } }], name);
    }
    phone.sync();
    say(t('saved'));
    if (next) return location.replace(`#/barang/${key}`), dispatchEvent(new HashChangeEvent('hashchange'));
    location.replace(`#/pedagang/${key}`);
  }

  async function gone() {
    if (!confirm(t('good_gone_sure', { name: known?.name }))) return;
    const needs = [key, ...phone.waiting.filter((one) => one.id === id || one.product === id).map((one) => one.id)];
    await phone.add([{ id: ulid(), kind: 'good_gone', method: 'DELETE', path: `/merchants/${key}/goods/${id}`, body: undefined, needs, product: id, merchant: key, shown: t('op_good_gone', { name: known?.name }) }], name);
    location.replace(`#/pedagang/${key}`);
  }

  return { title: id ? start.name : t('add_good').slice(2), node: form, back: `#/pedagang/${key}`, form: true };
}
