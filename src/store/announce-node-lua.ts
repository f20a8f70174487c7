// The script by which a node says that it lives, and learns how many do.

/** KEYS: the set of nodes by the time at which they expire. ARGV: id, ms to live (0: leaves). Answers the number living. */
export const ANNOUNCE_NODE = `
local ttl = tonumber(ARGV[2])
-- The server's clock: nodes need not agree on the time.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ttl, ARGV[1])
-- Those whose time is over died without leaving; with a ttl of 0 this removes the node itself.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
-- No TTL of zero: PEXPIRE would then delete the others too.
if ttl > 0 and redis.call('PTTL', KEYS[1]) < ttl then redis.call('PEXPIRE', KEYS[1], ttl) end
return redis.call('ZCARD', KEYS[1])
`
