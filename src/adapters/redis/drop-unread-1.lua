-- Drops a warm that nobody has read.
--
-- KEYS[1] entry; its state is the byte at offset 1 (src/wire/cache-entry.ts)
--
-- Returns 1 when the entry was dropped, else 0.

if redis.call('GETRANGE', KEYS[1], 1, 1) ~= 'u' then return 0 end
return redis.call('UNLINK', KEYS[1])
