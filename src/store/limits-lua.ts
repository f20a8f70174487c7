// The Redis twin of sliding-window.ts and gcra.ts: one script takes all checks of a request, all of them or none.
import type { LimitCheck, LimitState, LimitVerdict } from '../plugin.ts'
import { ROUNDING_CELLS } from './gcra.ts'
import { SUB_BUCKETS } from './sliding-window.ts'

/**
 * KEYS: one bucket a check. ARGV: the cost, then kind, limit, period in ms and burst of each check.
 * Answers a flat list: all allowed (1 or 0), then allowed, remaining, reset ms and retry-after ms of each check.
 * A window is a hash: the newest sub-bucket's number, the total, and the counts by slot. Keeping the total makes a call
 * cost what has changed since the last one: 8 us instead of the 34 us that adding up 61 counts takes in Redis.
 */
export const TAKE_LIMITS = `
local SUB_BUCKETS = ${SUB_BUCKETS}
local SLOTS = SUB_BUCKETS + 1

-- The server's clock: a gateway whose own clock is wrong neither gains nor loses.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost = tonumber(ARGV[1])

local window, rate = {}, {}

function window.read(check)
  local width = math.ceil(check.period * 1000 / SUB_BUCKETS)
  local bucket = math.floor(now / width)
  local slot = bucket % SLOTS
  local stored = redis.call('HMGET', check.key, 'last', 'total', slot)
  check.width, check.bucket, check.slot, check.stale = width, bucket, slot, {}
  check.last = tonumber(stored[1]) or bucket
  check.total = tonumber(stored[2]) or 0
  check.here = tonumber(stored[3]) or 0
  if check.last > bucket then
    -- The server's clock was set back. What was counted counts as from now: too long rather than too short, but not
    -- until the old time comes round again.
    check.rewound, check.here, check.last = true, check.total, bucket
  elseif check.last < bucket then
    window.forget(check)
  end
end

-- The slots that the ring has come round to since the last admission hold counts of one whole turn ago.
function window.forget(check)
  for number = math.max(check.last + 1, check.bucket - SUB_BUCKETS), check.bucket do
    check.stale[#check.stale + 1] = number % SLOTS
  end
  for _, count in ipairs(redis.call('HMGET', check.key, unpack(check.stale))) do
    check.total = check.total - (tonumber(count) or 0)
  end
  check.here = 0
end

-- Only a refusal needs to know which counts leave the window when.
function window.wait(check)
  local excess = check.total + cost - check.limit
  if excess <= 0 then return 0 end
  if cost > check.limit then return check.period * 1000 end
  if check.rewound then return SLOTS * check.width end
  local numbers, slots = {}, {}
  for number = check.bucket - SUB_BUCKETS, check.last do
    numbers[#numbers + 1] = number
    slots[#slots + 1] = number % SLOTS
  end
  for at, count in ipairs(redis.call('HMGET', check.key, unpack(slots))) do
    excess = excess - (tonumber(count) or 0)
    if excess <= 0 then return (numbers[at] + SLOTS) * check.width - now end
  end
  return check.period * 1000
end

function window.write(check, taken)
  if check.rewound then
    redis.call('DEL', check.key)
  elseif #check.stale > 0 then
    redis.call('HDEL', check.key, unpack(check.stale))
  end
  check.total, check.last = check.total + taken, check.bucket
  redis.call('HSET', check.key, 'last', check.bucket, 'total', check.total, check.slot, check.here + taken)
  redis.call('PEXPIRE', check.key, math.ceil(SLOTS * check.width / 1000))
end

function window.left(check)
  local reset = check.total == 0 and 0 or (check.last + SLOTS) * check.width - now
  return check.limit - check.total, reset
end

function rate.read(check)
  check.emission = check.period * 1000 / check.limit
  local stored = redis.call('GET', check.key)
  local at, cells = string.match(stored or '', '^(%d+) (%S+)$')
  -- A clock that was set back drains nothing, instead of adding what it went back by.
  local elapsed = math.max(0, now - (tonumber(at) or now))
  check.rewound = (tonumber(at) or now) > now
  check.level = math.min(math.max(0, (tonumber(cells) or 0) - elapsed / check.emission), check.burst)
end

function rate.wait(check)
  if cost > check.burst then return math.ceil(check.burst * check.emission) end
  local excess = check.level + cost - check.burst
  if excess <= ${ROUNDING_CELLS} then return 0 end
  return math.ceil((excess - ${ROUNDING_CELLS / 2}) * check.emission)
end

function rate.write(check, taken)
  check.level = check.level + taken
  -- PX must be positive, also where a cell drains within a millisecond.
  local ttl = math.max(1, math.ceil(check.level * check.emission / 1000))
  redis.call('SET', check.key, string.format('%.0f %.17g', now, check.level), 'PX', ttl)
end

function rate.left(check)
  return math.floor(check.burst - check.level + ${ROUNDING_CELLS}), check.level * check.emission
end

local checks, allowed = {}, true
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * 4
  local check = {
    key = key,
    kind = ARGV[at] == 'window' and window or rate,
    limit = tonumber(ARGV[at + 1]),
    period = tonumber(ARGV[at + 2]),
    burst = tonumber(ARGV[at + 3]),
  }
  check.kind.read(check)
  check.wait = check.kind.wait(check)
  allowed = allowed and check.wait == 0
  checks[i] = check
end

-- Nothing was written so far: one refusal leaves every count as it was.
local taken = allowed and cost or 0
local reply = { allowed and 1 or 0 }
for _, check in ipairs(checks) do
  if taken > 0 or check.rewound then check.kind.write(check, taken) end
  local remaining, reset = check.kind.left(check)
  reply[#reply + 1] = check.wait == 0 and 1 or 0
  reply[#reply + 1] = math.max(0, remaining)
  reply[#reply + 1] = math.ceil(reset / 1000)
  reply[#reply + 1] = math.ceil(check.wait / 1000)
end
return reply
`

const FIELDS = 4

/** ARGV of the script. */
export function scriptArguments(checks: readonly LimitCheck[], cost: number): (string | number)[] {
  const args: (string | number)[] = [cost]
  for (const check of checks) {
    if (check.kind === 'window') args.push('window', check.limit, check.windowMs, 0)
    else args.push('rate', check.limit, check.periodMs, check.burst)
  }
  return args
}

/** The script's reply, or undefined when it is anything else: then the connection is out of step. */
export function parseVerdict(reply: unknown, checks: number): LimitVerdict | undefined {
  if (!Array.isArray(reply) || reply.length !== 1 + checks * FIELDS) return undefined
  if (!reply.every((value) => Number.isSafeInteger(value))) return undefined
  const numbers = reply as readonly number[]
  const states: LimitState[] = []
  for (let at = 1; at < numbers.length; at += FIELDS) {
    states.push({
      allowed: numbers[at] === 1,
      remaining: numbers[at + 1]!,
      resetMs: numbers[at + 2]!,
      retryAfterMs: numbers[at + 3]!,
    })
  }
  return { allowed: numbers[0] === 1, states }
}
