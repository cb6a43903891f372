// @ts-check
/** No answer, or none that our server gave: no signal, a time-out, a market's sign-in page. Nothing is known. */
export class Unreachable extends Error {}

/**
 * @typedef {{code: string, title: string, status: number, next?: string, errors?: {field: string, title: string}[]}} Problem
 */

/** Our server said no. */
export class Refused extends Error {
  /** @param {number} status @param {Problem} problem @param {any} body @param {number} wait seconds it asks for */
  constructor(status, problem, body, wait) {
    super(problem.code);
    this.status = status;
    this.problem = problem;
    this.body = body;
    this.wait = wait;
  }
}

/**
 * One request to our own server.
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {{body?: unknown, piece?: Blob, headers?: Record<string, string>, seconds?: number}} [how]
 * @returns {Promise<{status: number, body: any, etag: string | null, date: number}>} 304 has no body
 */
export async function call(method, path, { body, piece, headers = {}, seconds = 30 } = {}) {
  const type = piece ? 'application/octet-stream' : body === undefined ? '' : 'application/json';
  const asked = { Accept: 'application/json', 'X-Onboarder': '1', ...(type && { 'Content-Type': type }), ...headers };
  const lang = method === 'GET' && document.documentElement.lang === 'en' ? `${path.includes('?') ? '&' : '?'}lang=en` : '';
  const answer = await fetch(`/api/v1${path}${lang}`, {
    method,
    headers: asked,
    body: piece ?? (body === undefined ? undefined : JSON.stringify(body)),
    redirect: 'error',
    cache: 'no-store',
    signal: AbortSignal.timeout(seconds * 1000),
  }).catch((error) => {
    throw new Unreachable(error.name);
  });
  const said = await content(answer);
  if (answer.ok || answer.status === 304) {
    return { status: answer.status, body: said, etag: answer.headers.get('ETag'), date: Date.parse(answer.headers.get('Date') ?? '') };
  }
  throw new Refused(answer.status, said, said, Number(answer.headers.get('Retry-After')) || 0);
}

/** @param {Response} answer */
async function content(answer) {
  if (answer.status === 204 || answer.status === 304) return null;
  try {
    if (/[/+]json/.test(answer.headers.get('Content-Type') ?? '')) return await answer.json();
  } catch {
    // cut off on the way: the same as no answer
  }
  throw new Unreachable(`status ${answer.status}`);
}
