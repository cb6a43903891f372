// @ts-check
import { Unreachable, call } from './api.js';
import { button, field, fill, h, say, tick, trouble, speak, t } from './dom.js';
import { ulid } from './sealing.js';
import { keyOf, matches, standing } from './traders.js';

const SHOWN = 60;

/** My traders, each with where it stands. @param {import('./phone.js').Phone} phone @returns {import('./app.js').Screen} */
export function traders(phone) {
  const list = h('ul', { className: 'cards' });
  const search = h('input', { type: 'search', id: 'search', placeholder: t('search'), 'aria-label': t('search'), oninput: () => update() });
  const update = () => {
    const all = phone.traders();
    const found = search.value ? all.filter((one) => matches(one, search.value)) : all;
    fill(list, found.slice(0, SHOWN).map((one) => traderCard(one, phone)),
      !found.length && h('li', { className: 'empty' }, t(all.length ? 'none_found' : 'none_yet')),
      found.length > SHOWN && h('li', { className: 'empty' }, t('more', { n: found.length - SHOWN })));
  };
  update();
  return { title: t('tab_traders'), update, node: h('section', {}, search, list, h('a', { href: '#/baru', className: 'main fixed' }, t('new_trader'))) };
}

/** @param {import('./traders.js').Merchant} merchant @param {import('./phone.js').Phone} phone */
function traderCard(merchant, phone) {
  const stands = standing(merchant);
  return h('li', {}, h('a', { href: `#/pedagang/${keyOf(merchant)}` },
    h('strong', {}, merchant.name),
    h('span', { className: `chip ${stands}` }, t(`standing_${stands}`)),
    h('small', {}, [phone.market(merchant.market), merchant.block, merchant.stall, merchant.goods].filter(Boolean).join(' · ')),
    merchant.waits && h('small', { className: 'waits' }, t('on_phone'))));
}

/** What only a person can do; what unblocks most comes first, as the server sorted it. @param {import('./phone.js').Phone} phone @returns {import('./app.js').Screen} */
export function tasks(phone) {
  const list = h('ul', { className: 'cards' });
  const update = () => {
    const open = phone.work.tasks.filter((task) => phone.here(merchantOf(phone, task)) && !phone.waiting.some((one) => one.path === `/tasks/${task.id}/answer`));
    fill(list, open.map((task) => taskCard(phone, task)), !open.length && h('li', { className: 'empty' }, t('no_tasks')));
  };
  update();
  return { title: t('tab_tasks'), node: h('section', {}, list), update };
}

/** @param {import('./phone.js').Phone} phone @param {any} task */
const merchantOf = (phone, task) => [...phone.merchants.values()].find((one) => one.id === task.merchant || keyOf(one) === task.merchant);

/** @param {import('./phone.js').Phone} phone @param {any} task */
function taskCard(phone, task) {
  const merchant = merchantOf(phone, task);
  const answer = async (/** @type {string} */ text) => {
    await phone.add([{ id: ulid(), kind: 'answer', method: 'POST', path: `/tasks/${task.id}/answer`, body: { answer: text }, shown: t('op_answer', { title: task.title }) }]);
    say(t('saved'));
  };
  return h('li', {},
    h('strong', {}, task.title),
    task.blocks > 0 && h('span', { className: 'chip needs_you' }, t('blocks', { n: task.blocks })),
    merchant && h('a', { href: `#/pedagang/${keyOf(merchant)}`, className: 'button' }, merchant.name),
    h('div', { className: 'presets' }, (task.choices.length ? task.choices : ['done']).map((/** @type {string} */ one) => button(t(`answer_${one}`), () => answer(one)))));
}

/** What still waits on this phone, and what the server wants mended. @param {import('./phone.js').Phone} phone @returns {import('./app.js').Screen} */
export function outbox(phone) {
  const node = h('section', {});
  const update = () => {
    const { waiting } = phone;
    const stopped = waiting.filter((one) => one.state === 'stopped');
    fill(node,
      h('p', { className: 'lead' }, t(waiting.length ? (phone.reached ? 'outbox_sending' : 'outbox_offline') : 'outbox_empty', { n: waiting.length })),
      h('ul', { className: 'cards' }, [...stopped, ...waiting.filter((one) => one.state !== 'stopped')].map((one) => waitingCard(phone, one))),
      waiting.length > 0 && button(t('send_now'), () => phone.sync(), 'main'));
  };
  update();
  return { title: t('outbox'), node, update, back: '#/' };
}

/** @param {import('./phone.js').Phone} phone @param {import('./outbox.js').Waiting} one */
function waitingCard(phone, one) {
  const { problem } = one;
  if (one.state !== 'stopped') return h('li', {}, h('strong', {}, one.shown), h('small', {}, t(one.blocked ? 'waits_for_other' : 'waits')));
  const form = { merchant: `#/ubah/${one.id}`, good: `#/barang/${one.merchant}/${one.id}` }[one.kind];
  return h('li', { className: 'bad' },
    h('strong', {}, one.shown),
    trouble(problem),
    (problem?.errors ?? []).map((wrong) => h('p', {}, `${t(wrong.field)}: ${wrong.title}`)),
    form && h('a', { href: form, className: 'button main' }, t('mend')),
    problem?.code === 'likely_same' && button(t('other_person'), () => again({ ...one.body, same_person_ok: true })),
    one.kind === 'training' ? button(t('mark_trained'), () => again({ on: phone.today })) : button(t('send_again'), () => again()),
    button(t('discard'), () => confirm(t('discard_sure', { what: one.shown })) && phone.outbox?.discard(one), 'danger'));

  /** @param {any} [body] */
  function again(body) {
    return phone.resend(one, body);
  }
}

/** Language, practice, what waits, sign-out. @param {import('./phone.js').Phone} phone @returns {import('./app.js').Screen} */
export function settings(phone) {
  const node = h('section', {});
  const lost = h('p', {});
  phone.sealedAway().then((n) => n && fill(lost, t('sealed_away', { n })));
  const update = () => {
    const practice = tick('practice', t('practice_switch'), phone.device.practice);
    practice.querySelector('input').addEventListener('change', (/** @type {any} */ event) => phone.set('practice', event.target.checked).then(phone.told));
    const n = phone.waiting.length;
    fill(node,
      h('p', { className: 'lead' }, phone.me.programme?.name),
      h('h2', {}, t('language')),
      h('div', { className: 'presets' }, [['id', 'Bahasa Indonesia'], ['en', 'English']].map(([code, name]) => button(name, () => speaks(code)))),
      h('h2', {}, t('practice')), practice, h('p', {}, t('practice_how')),
      h('h2', {}, t('outbox')),
      h('p', {}, t(n ? 'outbox_sending' : 'outbox_empty', { n })), lost, h('a', { href: '#/kirim', className: 'button' }, t('outbox_see')),
      h('h2', {}, t('sign_out')),
      n > 0 && h('p', { className: 'note bad' }, t('sign_out_waits', { n })),
      button(t('sign_out'), () => leave(n), 'danger'));
  };
  const speaks = async (/** @type {any} */ code) => {
    await speak(code);
    await phone.set('lang', code);
    phone.refresh();
    dispatchEvent(new HashChangeEvent('hashchange'));
  };
  const leave = async (/** @type {number} */ n) => {
    if (!confirm(t(n ? 'sign_out_lose' : 'sign_out_sure', { n }))) return;
    await phone.leave().catch((error) => {
      if (!(error instanceof Unreachable)) throw error;
      say(t('no_signal'), true);
    });
    if (!phone.vault) location.replace('/app/');
  };
  update();
  return { title: t('tab_settings'), node, update };
}

/** The link through which the trader lets us in, as a picture for the trader's own phone. @param {import('./phone.js').Phone} phone @param {string} store @returns {import('./app.js').Screen} */
export function link(phone, store) {
  const node = h('section', {}, h('p', {}, t('waiting')));
  const brief = phone.work.stores.find((one) => one.id === store);
  call('GET', `/stores/${store}/link`).then(({ body }) => {
    const picture = URL.createObjectURL(new Blob([body.qr], { type: 'image/svg+xml' }));
    fill(node,
      h('p', { className: 'lead' }, t('link_how')),
      h('img', { src: picture, alt: t('link_picture'), className: 'qr' }),
      body.whatsapp_url && h('a', { href: body.whatsapp_url, className: 'button main', rel: 'noreferrer', target: '_blank' }, t('link_whatsapp')),
      button(t('link_copy'), () => navigator.clipboard.writeText(body.text).then(() => say(t('copied')))));
  }, (error) => fill(node, error.problem ? trouble(error.problem) : t('link_needs_signal')));
  return { title: t('show_link'), node, back: brief ? `#/pedagang/${phone.merchants.has(brief.merchant_field_id) ? brief.merchant_field_id : brief.merchant}` : '#/' };
}
