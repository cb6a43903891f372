/** Moderation, a rate limit and injected faults in front of Mercur's own routes. */
const { defineMiddlewares } = require("@medusajs/framework/http");
const { pick, strike } = require("../lib/faults");
const { state } = require("../lib/state");

const recent = [];

const countAndLimit = (_request, response, next) => {
  state.requests += 1;
  if (state.rps === 0 || withinLimit(Date.now())) return next();
  state.limited += 1;
  response.setHeader("Retry-After", "1");
  response.status(429).json({ type: "too_many_requests", message: "slow down" });
};

const withinLimit = (now) => {
  while (recent.length > 0 && recent[0] <= now - 1000) recent.shift();
  if (recent.length >= state.rps) return false;
  recent.push(now);
  return true;
};

const injectFault = (request, response, next) => {
  const fault = pick(state.faults, request);
  if (!fault) return next();
  state.injected[fault.kind] = (state.injected[fault.kind] ?? 0) + 1;
  strike(fault, request, response, next);
};

const moderate = (request, _response, next) => {
  for (const body of [request.body, request.validatedBody]) {
    if (state.moderation && ["published", "rejected"].includes(body?.status)) {
      body.status = "proposed";
    }
  }
  next();
};

exports.default = defineMiddlewares({
  routes: [
    { matcher: "/vendor/*", middlewares: [countAndLimit, injectFault] },
    { matcher: "/auth/member/*", middlewares: [countAndLimit, injectFault] },
    { matcher: "/vendor/products*", methods: ["POST"], middlewares: [moderate] },
  ],
});
