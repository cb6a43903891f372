// @ts-check
import { fill, h } from './dom.js';
import { t } from './texts.js';
import { keyOf, matches, standing } from './traders.js';

const SHOWN = 60;

/** My traders, each with where it stands. @param {import('./phone.js').Phone} phone @returns {import('./app.js').Screen} */
export function traders(phone) {
  const list = h('ul', { className: 'cards' });
  const search = h('input', { type: 'search', id: 'search', placeholder: t('search'), 'aria-label': t('search'), oninput: () => update() });
  const update = () => {
    const all = phone.traders();
    const found = search.value ? all.filter((one) => matches(one, search.value)) : all;
    fill(list, found.slice(0, SHOWN).map(card),
      !found.length && h('li', { className: 'empty' }, t(all.length ? 'none_found' : 'none_yet')),
      found.length > SHOWN && h('li', { className: 'empty' }, t('more', { n: found.length - SHOWN })));
  };
  update();
  return { title: t('tab_traders'), update, node: h('section', {}, search, list, h('a', { href: '#/baru', className: 'main fixed' }, t('new_trader'))) };
}

/** @param {import('./traders.js').Merchant} merchant */
function card(merchant) {
  const stands = standing(merchant);
  return h('li', {}, h('a', { href: `#/pedagang/${keyOf(merchant)}` },
    h('strong', {}, merchant.name),
    h('span', { className: `chip ${stands}` }, t(`standing_${stands}`)),
    h('small', {}, [merchant.market, merchant.block, merchant.stall, merchant.goods].filter(Boolean).join(' · ')),
    merchant.waits && h('small', { className: 'waits' }, t('on_phone'))));
}
