-- Drops an entry that is cold, unless somebody used it since it was looked at, or it is an unread warm that a run asked for.
--
-- KEYS[1] entry; its state is the byte at offset 1 (src/wire/cache-entry.ts)
-- ARGV[1] what a live entry has left to live at least, ARGV[2] what an unread warm that a run asked for has left at most,
-- milliseconds
--
-- Returns 1 when the entry was dropped, else 0.

local left = redis.call('PTTL', KEYS[1])
if left > tonumber(ARGV[1]) then return 0 end
if left <= tonumber(ARGV[2]) and redis.call('GETRANGE', KEYS[1], 1, 1) == 'u' then return 0 end
return redis.call('UNLINK', KEYS[1])
