/**
 * A fault is data: { kind, times, … }. It strikes the requests that match all of
 *   prefix   start of the path, e.g. "/vendor/products"
 *   method   optional, e.g. "POST"
 *   seller   optional, value of x-seller-id
 * leaves the first `skip` of them alone, then strikes every `every`-th (default each), `times` times.
 *
 * kinds that leave the work undone:
 *   status      answer `status` with `body` (default a JSON fault) and `retry_after` seconds
 *   page        answer `status` with an HTML page, as a proxy does
 *   drop        close the connection at once
 *   delay       wait `ms`, then work as usual
 * kinds that do the work and then spoil the answer:
 *   lost        close the connection instead of answering
 *   late        answer only after `ms`
 *   replaced    answer `status` (e.g. 502) instead
 *   truncated   send half of the answer, then close
 *   garbled     send half of the answer as if it were all
 */
const pick = (faults, request) => {
  const fault = faults.find((one) => one.times > 0 && matches(one, request));
  if (!fault) return undefined;
  fault.seen = (fault.seen ?? 0) + 1;
  const turn = fault.seen - (fault.skip ?? 0);
  if (turn <= 0 || turn % (fault.every ?? 1) !== 0) return undefined;
  fault.times -= 1;
  return fault;
};

const matches = ({ prefix = "/", method, seller }, request) =>
  request.originalUrl.startsWith(prefix) &&
  (!method || method === request.method) &&
  (!seller || seller === request.headers["x-seller-id"]);

const strike = (fault, request, response, next) => kinds[fault.kind](fault, request, response, next);

const kinds = {
  status: ({ status, retry_after, body }, _request, response) => {
    if (retry_after !== undefined) response.setHeader("Retry-After", String(retry_after));
    response.status(status).json(body ?? { type: "fault", message: "injected" });
  },
  page: ({ status }, _request, response) => {
    response.status(status).type("html").send(`<html><body><h1>${status}</h1></body></html>`);
  },
  drop: (_fault, request) => request.socket.destroy(),
  delay: ({ ms }, _request, _response, next) => setTimeout(next, ms),

  lost: (_fault, request, response, next) => {
    response.json = () => request.socket.destroy();
    next();
  },
  late: ({ ms }, _request, response, next) => {
    const answer = response.json.bind(response);
    response.json = (body) => setTimeout(() => answer(body), ms);
    next();
  },
  replaced: ({ status }, _request, response, next) => {
    response.json = () => response.status(status).type("html").send(`<h1>${status}</h1>`);
    next();
  },
  truncated: (_fault, request, response, next) => {
    response.json = (body) => {
      const bytes = Buffer.from(JSON.stringify(body));
      response.setHeader("Content-Type", "application/json; charset=utf-8");
      response.setHeader("Content-Length", bytes.length);
      response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
    };
    next();
  },
  garbled: (_fault, _request, response, next) => {
    response.json = (body) => {
      const text = JSON.stringify(body);
      response.type("json").send(text.slice(0, text.length / 2));
    };
    next();
  },
};

module.exports = { pick, strike, kinds: Object.keys(kinds) };
