-- Takes a lease that is free, or prolongs one's own.
--
-- KEYS[1] lease: its holder; ARGV[1] holder, ARGV[2] life in milliseconds
--
-- Returns 1 when the lease is the holder's, else 0.

local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
