-- Enters a hello once.
--
-- KEYS[1]  sorted set: the ephemeral keys of the hellos that entered, each by the millisecond up to which it is kept
-- KEYS[2]  the latest such millisecond among those that were removed
-- ARGV     ephemeral key, end, now (both Unix milliseconds, by the hello and by the caller's clock), capacity
--
-- Removal and the record of it are one step, and nothing here expires by itself: a hello that entered is either still in
-- the set, or its end is not past KEYS[2]. So no clock, neither of a caller nor of the server, lets it in again; a clock
-- that is ahead removes early, which refuses what is as old, and heals as soon as new hellos come.
local removed = tonumber(redis.call('GET', KEYS[2]) or '-1')
local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3], 'LIMIT', 0, 256)
if #over > 0 then
    local last = redis.call('ZSCORE', KEYS[1], over[#over])
    if tonumber(last) > removed then
        removed = tonumber(last)
        redis.call('SET', KEYS[2], last)
    end
    redis.call('ZREM', KEYS[1], unpack(over))
end
local ends = tonumber(ARGV[2])
if ends <= removed or ends < tonumber(ARGV[3]) then
    return 'too late'
end
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then
    return 'replayed'
end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
    return 'full'
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
return 'entered'
