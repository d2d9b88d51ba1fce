-- Drops an entry that is read and cold, unless somebody read it since it was looked at.
--
-- KEYS[1] entry; its state is the byte at offset 1 (src/wire/cache-entry.ts)
-- ARGV[1] what a live entry has left to live at least, milliseconds
--
-- Returns 1 when the entry was dropped, else 0.

if redis.call('GETRANGE', KEYS[1], 1, 1) == 'u' then return 0 end
if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[1]) then return 0 end
return redis.call('UNLINK', KEYS[1])
