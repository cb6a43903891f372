-- One rate budget on the Redis server's clock. Times are microseconds, rates calls a second. Called with one of the
-- operations at the end; answers {wait, penalties, again, place}: a wait below zero is a refusal, again above zero means
-- that nothing was taken and the caller asks once more after the wait: 2 with `asked` set, 1 as if for the first time. docs/decisions/0029 says why it is as it is.
--
-- KEYS: 1 the budget, 2 the store's own pause, 3 the store's own budget.
-- A second has room for so many lanes: call k goes one period (a second and a little) after call k - lanes at the soonest,
-- so no window of a second ever holds more calls than the ceiling.
-- Calls that must wait anyway go together in waves: of calls that travel together only the order changes on the way.

local WINDOW = 1000000
local SHARE = 0.975     -- of the ceiling; USED_SHARE says it again
local WAVE = 50         -- calls of a wave, about; above that a second has several waves
local NEAR = 0.1        -- of a period: who waits no longer than this needs no wave
local LOOSE = 0.01      -- of a wave's distance: what rounding may not cost a whole wave
local RESERVED = 10     -- one lane in so many waits for a person at a stall until shortly before its wave
local SHORTLY = 50000
local NOISE = 0.02      -- what a share of refused calls takes off the share used, and what comes back in a second:
local CALM = 0.0001     -- in balance where one call in two hundred is refused
local LEAST = 0.9       -- of the share used
local MUCH = 0.15       -- of the calls refused at once: not noise, another ceiling
local IN_A_ROW = 3      -- pauses in a row that say the same
local FIRST_STEP, LAST_STEP = 0.05, 0.4
local HOLD = 60 * WINDOW -- between two trials of more
local RATE_PAUSE = 60 * WINDOW -- a longer pause speaks of a quota, not of a rate
local AHEAD = 6           -- seconds of slots remembered: the longest wait and the second before
local KEPT = 3600000

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

-- The slot that was given to call `place`; 0 if there was none, or it is forgotten.
local function slot_of(key, place, kept)
  if place < 0 then return 0 end
  return tonumber(redis.call('HGET', key, 's' .. place % kept)) or 0
end

local function keep_slot(key, place, kept, slot)
  redis.call('HSET', key, 's' .. place % kept, string.format('%.0f', slot))
end

-- How many slots are remembered: those of a second, and those that may be given away ahead.
local function kept_of(rate) return AHEAD * math.max(1, math.ceil(rate)) end

local function measures(ceiling, share)
  local lanes = math.max(1, math.floor(ceiling + 0.001))
  return lanes, lanes * WINDOW / (ceiling * SHARE * share)
end

local function share_now(state, now)
  return math.min(1, (state.share or 1) + CALM * math.max(0, now - (state.at or now)) / WINDOW)
end

-- How many calls went out within the window before now.
local function sent(key, state, kept, now)
  local count, last = 0, (state.k or 0) - 1
  for place = last, math.max(0, last - kept + 1), -1 do
    local slot = slot_of(key, place, kept)
    if slot <= now - 2 * WINDOW then break end
    if slot <= now and slot > now - WINDOW then count = count + 1 end
  end
  return count
end

-- Slots given away ahead are void: whoever waits for one asks again.
local function take_back(key, state, kept, now)
  local place = (state.k or 0) - 1
  while place >= 0 and slot_of(key, place, kept) > now do
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
  if state.good and ceiling > state.good and held >= state.good / 2 then
    step_back(state, now)
  elseif state.refused > 1 + MUCH * state.granted or state.in_a_row >= IN_A_ROW or fresh then
    settle_at(state, math.min(held, ceiling), now)
  else
    local lanes = measures(ceiling, 1)
    state.share = math.max(LEAST, share_now(state, now) - NOISE * state.refused / lanes)
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
local function own_wait(rate, now)
  if rate <= 0 then return 0 end
  local lanes, period = measures(rate, 1)
  local last = slot_of(KEYS[3], (tonumber(redis.call('HGET', KEYS[3], 'k')) or 0) - lanes, kept_of(rate))
  return last > 0 and math.max(0, last + period - now) or 0
end

local function take_own(rate, slot)
  if rate <= 0 then return end
  keep_slot(KEYS[3], redis.call('HINCRBY', KEYS[3], 'k', 1) - 1, kept_of(rate), slot)
  redis.call('PEXPIRE', KEYS[3], 60000)
end

-- rate, the store's own rate (0: none), the longest wait, whether it is the night's, whether it has asked before, and
-- how long ago this process was last given a slot.
local function reserve(rate, own_rate, longest, night, asked, since_mine)
  local paused = redis.call('PTTL', KEYS[2])
  if paused > 0 then return {-paused * 1000, 0, 0} end
  local now, state = clock(), read(KEYS[1])
  local penalties = state.penalties or now -- counted from the beginning, so that none before a forgetting is the same
  state.penalties = penalties
  local share = share_now(state, now)
  local ceiling = math.min(rate, state.ceiling or rate)
  local lanes, period = measures(ceiling, share)
  if not state.k and since_mine < period then -- forgotten, not new: what went out lately still counts over there
    state.k, state.over = 0, math.max(state.over or 0, now + period - since_mine)
    write(KEYS[1], state)
  end
  local later = math.max((state.over or 0) - now, own_wait(own_rate, now))
  if later > 0 then
    if later > longest then return {-later, penalties, 0} end
    return {later, penalties, 1}
  end
  if (state.refused or 0) > 0 then
    judge(state, rate, now)
    share = share_now(state, now)
    ceiling = math.min(rate, state.ceiling or rate)
    lanes, period = measures(ceiling, share)
  end
  state.k = state.k or 0
  local kept = kept_of(rate)
  local last = slot_of(KEYS[1], state.k - lanes, kept)
  local slot, waits = now, last + period > now and last > 0
  if waits then
    local apart = period / math.max(1, math.floor(lanes / WAVE))
    local wave = state.wave or now
    slot = last + period
    if slot - now > NEAR * period then
      slot = math.max(now, wave + math.ceil((slot - wave) / apart - LOOSE) * apart)
      state.wave = slot
    end
    local wait = slot - now
    if wait > longest then return {-wait, penalties, 0} end
    local reserved = math.floor(lanes / RESERVED)
    if night == 1 and asked == 0 and wait > SHORTLY and reserved > 0
      and slot_of(KEYS[1], state.k - lanes + reserved, kept) + period > slot + LOOSE * apart then
      return {wait - SHORTLY, penalties, 2}
    end
    grow(state, rate, lanes, now)
  elseif not state.wave or state.wave + period < now then
    state.wave = now
  end
  keep_slot(KEYS[1], state.k, kept, slot)
  state.k = state.k + 1
  write(KEYS[1], state)
  take_own(own_rate, slot)
  return {slot - now, penalties, 0, state.k - 1}
end

-- The marketplace refused a call: no slot before the pause has passed.
local function penalise(rate, pause)
  local now, state = clock(), read(KEYS[1])
  state.penalties = (state.penalties or now) + 1
  take_back(KEYS[1], state, kept_of(rate), now)
  state.over = math.max(state.over or 0, now + pause)
  if pause <= RATE_PAUSE then
    if (state.refused or 0) == 0 then
      state.first, state.granted = now, sent(KEYS[1], state, kept_of(rate), now)
    end
    state.refused = (state.refused or 0) + 1
  end
  write(KEYS[1], state)
  return {0, state.penalties, 0}
end

-- The caller has waited for its slot: is it still good? Not after a penalty or a forgetting (-1). If an earlier call of its
-- lane went out late, because its process was busy, it has to wait that much longer; and so will those after it.
local function still_good(rate, penalties, place)
  local now, state = clock(), read(KEYS[1])
  if state.penalties ~= penalties then return {-1, 0, 0} end
  local lanes, period = measures(math.min(rate, state.ceiling or rate), share_now(state, now))
  local kept = kept_of(rate)
  local late = slot_of(KEYS[1], place - lanes, kept) + period * (1 - LOOSE) - now
  keep_slot(KEYS[1], place, kept, math.max(now, now + late))
  return {math.max(0, late), 0, 0}
end

local function pause_store(pause)
  redis.call('SET', KEYS[2], 1, 'PX', math.ceil(pause / 1000) + 1)
  return {0, 0, 0}
end

local numbers = {}
for place = 2, #ARGV do numbers[place - 1] = tonumber(ARGV[place]) end
local operations = {reserve = reserve, penalise = penalise, still_good = still_good, pause_store = pause_store}
local answer = operations[ARGV[1]](unpack(numbers))
for place, value in ipairs(answer) do answer[place] = value < 0 and math.floor(value) or math.ceil(value) end
return answer
