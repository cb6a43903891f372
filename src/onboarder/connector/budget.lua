-- One rate budget on the Redis server's clock. Times are microseconds, rates calls a second. Called with one of the
-- operations at the end, for all who wait in one process together. docs/decisions/0029 says why it is as it is.
--
-- KEYS: 1 the budget, 2 what went out lately; then for each call its store's own pause and its store's own budget.
-- A second has room for so many lanes: call k goes one period (a second and a little) after call k - lanes at the soonest,
-- so no window of a second ever holds more calls than the ceiling.
-- Calls that must wait anyway go together in waves: of calls that travel together only the order changes on the way.
-- Slots are planned on time whatever went out late; going out, a wave keeps its distance from what really went before.

local WINDOW = 1000000
local SLACK, OF_FEW = 0.015, 0.0435 -- of a window kept free, and more the fewer calls a wave has to even out
local HELD = 0.7        -- of that, what even a wave after a late one keeps: the rest is caught up
local WAVE = 25         -- calls of a wave, at least; where a second has more it has several waves
local NEAR = 0.1        -- of a period: who waits no longer than this needs no wave
local LOOSE = 0.01      -- of a wave's distance: what rounding may not cost a whole wave
local RESERVED = 4      -- one lane in so many waits for people at stalls until shortly before its wave: some may be at work
local SHORTLY = 50000
local NOISE = 0.02      -- what a share of refused calls takes off the share used, and what comes back in a second:
local CALM = 0.0001     -- in balance where one call in two hundred is refused
local LEAST = 0.9       -- of the share used
local FEW, MUCH = 2, 0.15 -- calls, and of those sent the share, refused at once: more is no noise, but another ceiling,
local TWICE = 2         -- if the next pause says the same: a way that was held up once looks like one, too
local IN_A_ROW = 3      -- pauses in a row that say the same of few
local IN_USE = 0.5      -- of a ceiling: what was let through says what it is only if so much was sent; if less was,
local DOUBTED = 0.5     -- only pauses in a row count, and each leaves this share of it
local FIRST_STEP, LAST_STEP = 0.05, 0.4
local HOLD = 60 * WINDOW -- between two trials of more
local RATE_PAUSE = 60 * WINDOW -- a longer pause speaks of a quota, not of a rate
local AHEAD = 6           -- seconds of slots remembered: the longest wait and the second before
local KEPT = 3600000
local GO, ASK = 0, 1     -- after the wait: the slot is taken; nothing is, ask again

local NAMES = {'k', 'wave', 'over', 'penalties', 'refused', 'granted', 'first', 'judged', 'in_a_row', 'learned',
               'ceiling', 'good', 'step', 'hold', 'since', 'share', 'at'}

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function read(key)
  local state = {}
  for place, value in ipairs(redis.call('HMGET', key, unpack(NAMES))) do
    state[NAMES[place]] = tonumber(value)
  end
  return state
end

local function write(key, state)
  local pairs_ = {}
  for _, name in ipairs(NAMES) do
    if state[name] then
      pairs_[#pairs_ + 1] = name
      pairs_[#pairs_ + 1] = string.format('%.9g', state[name])
      if state[name] > 1e8 then pairs_[#pairs_] = string.format('%.0f', state[name]) end
    end
  end
  redis.call('HSET', key, unpack(pairs_))
  redis.call('PEXPIRE', key, KEPT + math.max(0, math.floor(((state.over or 0) - clock()) / 1000)))
end

-- The slot that was given to call `place`; 0 if there was none, or it is forgotten. One further ahead than anybody may
-- wait was reckoned by a clock that has been set back since, and counts as none.
local function slot_of(key, place, kept, now)
  if place < 0 then return 0 end
  local slot = tonumber(redis.call('HGET', key, 's' .. place % kept)) or 0
  return slot <= now + AHEAD * WINDOW and slot or 0
end

local function keep_slot(key, place, kept, slot)
  redis.call('HSET', key, 's' .. place % kept, string.format('%.0f', slot))
end

-- How many slots are remembered: those of a second, and those that may be given away ahead.
local function kept_of(rate) return AHEAD * math.max(1, math.ceil(rate)) end

-- The lanes, from one call of a lane to the next, how much of that must be kept whatever was late, and from wave to wave.
local function measures(ceiling, share)
  local lanes = math.max(1, math.floor(ceiling + 0.001))
  local waves = math.max(1, math.floor(lanes / WAVE))
  local window = math.max(WINDOW, lanes * WINDOW / ceiling) -- of 7.5 a second seven: fourteen would fit into one
  local period = window * (1 + SLACK + OF_FEW * math.sqrt(waves / lanes)) / share
  return lanes, period, window + HELD * (period - window), period / waves
end

local function share_now(state, now)
  return math.min(1, (state.share or 1) + CALM * math.max(0, now - (state.at or now)) / WINDOW)
end

local function measures_now(state, rate, now)
  return measures(math.min(rate, state.ceiling or rate), share_now(state, now))
end

-- How much longer so many calls must wait until what went out before them is far enough away. What goes out later than
-- now was put down by a clock that has been set back since, and counts as nothing.
local function behind(count, lanes, apart, now)
  local place = math.max(0, lanes - count)
  local until_now = string.format('%.0f', now)
  local before = redis.call('ZREVRANGEBYSCORE', KEYS[2], until_now, '-inf', 'WITHSCORES', 'LIMIT', place, 1)[2]
  return before and math.max(0, tonumber(before) + apart - now) or 0
end

local function goes_out(count, at, period)
  local last = redis.call('HINCRBY', KEYS[1], 'out', count)
  for number = last - count + 1, last do
    redis.call('ZADD', KEYS[2], string.format('%.0f', at), number)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', at - 2 * period))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], string.format('(%.0f', at), '+inf')
  redis.call('PEXPIRE', KEYS[2], math.ceil(2 * period / 1000))
end

-- How many calls went out within the window before now.
local function sent(now)
  return redis.call('ZCOUNT', KEYS[2], string.format('(%.0f', now - WINDOW), string.format('%.0f', now))
end

-- Slots given away ahead are void: whoever waits for one asks again.
local function take_back(key, state, kept, now)
  local place = (state.k or 0) - 1
  while place >= 0 and slot_of(key, place, kept, now) > now do
    redis.call('HDEL', key, 's' .. place % kept)
    place = place - 1
  end
  state.k, state.wave = place + 1, math.min(state.wave or now, now)
end

local function settle_at(state, ceiling, now)
  state.ceiling, state.good, state.learned = ceiling, ceiling, now
  state.step, state.hold, state.since = FIRST_STEP, now, state.k or 0
end

local function step_back(state, now)
  state.ceiling = state.good
  if state.step > 2 * FIRST_STEP then
    state.hold = now
  else
    state.hold = now + HOLD
  end
  state.step, state.since = FIRST_STEP, state.k or 0
end

-- The pause is over: what did the refusals say of the ceiling?
local function judge(state, rate, now)
  local held = math.max(1, state.granted - state.refused)
  local ceiling = state.ceiling or rate
  local close = state.judged and state.first - state.judged < 3 * WINDOW
  state.in_a_row = close and (state.in_a_row or 0) + 1 or 1
  local fresh = state.learned and state.first - state.learned < 5 * WINDOW
  local used = state.granted >= IN_USE * ceiling
  local few = FEW + MUCH * state.granted
  if state.good and ceiling > state.good and held >= state.good / 2 then
    step_back(state, now)
  elseif used and (state.in_a_row >= (state.refused > few and TWICE or IN_A_ROW) or fresh) then
    settle_at(state, math.min(held, ceiling), now)
  elseif not used and state.in_a_row >= IN_A_ROW then
    settle_at(state, math.min(ceiling, math.max(held, DOUBTED * ceiling)), now)
  else
    local lanes = measures(ceiling, 1)
    state.share = math.max(LEAST, share_now(state, now) - NOISE * math.min(state.refused, few) / lanes)
    state.at = now
  end
  state.judged, state.refused = now, 0
end

-- Two waves have gone well, the third is given away and more is wanted: try a little more.
local function grow(state, rate, lanes, now)
  if not state.ceiling or now < state.hold or state.k - state.since < 3 * lanes then return end
  if state.ceiling >= rate then
    state.ceiling, state.good = rate, rate
    return
  end
  state.good, state.since = state.ceiling, state.k
  state.ceiling = math.min(rate, math.floor(math.max(state.ceiling + 1, state.ceiling * (1 + state.step))))
  state.step = math.min(LAST_STEP, 2 * state.step)
end

-- When the store's own limit lets it call again; 0 without such a limit.
local function own_wait(key, rate, now)
  if rate <= 0 then return 0 end
  local lanes, period = measures(rate, 1)
  local last = slot_of(key, (tonumber(redis.call('HGET', key, 'k')) or 0) - lanes, kept_of(rate), now)
  return last > 0 and math.max(0, last + period - now) or 0
end

local function take_own(key, rate, slot)
  if rate <= 0 then return end
  keep_slot(key, redis.call('HINCRBY', key, 'k', 1) - 1, kept_of(rate), slot)
  local _, period = measures(rate, 1)
  redis.call('PEXPIRE', key, math.max(60000, math.ceil(2 * period / 1000)))
end

-- The next slot, and whether it goes to somebody who leaves it to a person at a stall until shortly before.
local function next_slot(state, lanes, period, apart, kept, now)
  local last = slot_of(KEYS[1], state.k - lanes, kept, now)
  local slot = last > 0 and math.max(now, last + period) or now
  if not state.wave or state.wave + period < now then state.wave = slot end
  local in_wave = math.max(now, state.wave + math.ceil((slot - state.wave) / apart - LOOSE) * apart)
  if slot - now > NEAR * period or state.wave > now and in_wave - slot < NEAR * period then slot = in_wave end
  local reserved = math.floor(lanes / RESERVED)
  local kept_free = slot - now > SHORTLY and reserved > 0
    and slot_of(KEYS[1], state.k - lanes + reserved, kept, now) + period > slot + LOOSE * apart
  return slot, kept_free
end

-- One call's slot: its wait and what that wait is. A wait below zero is a refusal.
local function place(state, rate, now, own_rate, longest, yields, pause, own)
  local paused = redis.call('PTTL', pause)
  if paused > 0 then return -paused * 1000, GO end
  local later = math.max((state.over or 0) - now, own_wait(own, own_rate, now))
  if later > longest then return -later, GO end
  if later > 0 then return later, ASK end
  if (state.refused or 0) > 0 then judge(state, rate, now) end
  local lanes, period, held, apart = measures_now(state, rate, now)
  local kept = kept_of(rate)
  local slot, kept_free = next_slot(state, lanes, period, apart, kept, now)
  if slot - now > longest then return now - slot, GO end
  if yields and kept_free then return slot - now - SHORTLY, ASK end
  if slot > now then grow(state, rate, lanes, now) end
  if slot - now > NEAR * period then state.wave = slot end
  keep_slot(KEYS[1], state.k, kept, slot)
  state.k = state.k + 1
  take_own(own, own_rate, slot)
  if slot > now then return slot - now, GO end
  local late = behind(1, lanes, held, now)
  if late == 0 then goes_out(1, now, period) end
  return late, GO
end

-- Slots for calls in the order in which they asked. rate, how long ago this process last sent a call, and how long ago one
-- while we were away, of which we know nothing; then for each call
-- its store's own rate (0: none), its longest wait and whether it leaves a kept lane to a person at a stall.
-- Answers the penalties so far, then for each call its wait and what that is; without a wait it has gone out.
local function reserve(rate, since_mine, since_around, ...)
  local now, state, asked = clock(), read(KEYS[1]), {...}
  state.penalties = state.penalties or now -- counted from the beginning, so that none before a forgetting is the same
  local _, period = measures_now(state, rate, now)
  local unknown = state.k and since_around or since_mine -- forgotten, not new, if we know of none
  if unknown < period then -- what went out lately still counts over there
    state.over = math.max(state.over or 0, now + period - unknown)
  end
  state.k = state.k or 0
  local answer = {state.penalties}
  for one = 1, #asked / 3 do
    local own_rate, longest, yields = asked[3 * one - 2], asked[3 * one - 1], asked[3 * one] == 1
    local wait, what = place(state, rate, now, own_rate, longest, yields, KEYS[2 * one + 1], KEYS[2 * one + 2])
    answer[#answer + 1], answer[#answer + 2] = wait, what
  end
  write(KEYS[1], state)
  return answer
end

-- The marketplace refused a call: no slot before the pause has passed.
local function penalise(rate, pause)
  local now, state = clock(), read(KEYS[1])
  state.penalties = (state.penalties or now) + 1
  take_back(KEYS[1], state, kept_of(rate), now)
  state.over = math.max(state.over or 0, now + pause)
  if pause <= RATE_PAUSE then
    if (state.refused or 0) == 0 then
      state.first, state.granted = now, sent(now)
    end
    state.refused = (state.refused or 0) + 1
  end
  write(KEYS[1], state)
  return {}
end

-- So many calls have waited for their slot: may they go out? Not after a penalty or a forgetting (-1). If those before them
-- went out late, because their process was busy, they wait that much longer and ask again.
local function go_out(rate, penalties, count)
  local now, state = clock(), read(KEYS[1])
  if state.penalties ~= penalties then return {-1, GO} end
  local lanes, period, held = measures_now(state, rate, now)
  local late = behind(count, lanes, held, now)
  if late > 0 then return {late, ASK} end
  goes_out(count, now, period)
  return {0, GO}
end

local function pause_store(pause)
  redis.call('SET', KEYS[3], 1, 'PX', math.ceil(pause / 1000) + 1)
  return {}
end

local numbers = {}
for place = 2, #ARGV do numbers[place - 1] = tonumber(ARGV[place]) end
local operations = {reserve = reserve, penalise = penalise, go_out = go_out, pause_store = pause_store}
local answer = operations[ARGV[1]](unpack(numbers))
for one, value in ipairs(answer) do answer[one] = value < 0 and math.floor(value) or math.ceil(value) end
return answer
