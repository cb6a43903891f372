// @ts-check
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
