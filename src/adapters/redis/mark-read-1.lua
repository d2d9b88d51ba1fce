-- Marks an unread warm as read.
--
-- KEYS[1] entry; its state is the byte at offset 1 (src/wire/cache-entry.ts)
--
-- Returns 1 to the one caller who marked it, 0 to all others and when there is no such entry.

if redis.call('GETRANGE', KEYS[1], 1, 1) ~= 'u' then return 0 end
redis.call('SETRANGE', KEYS[1], 1, 'r')
return 1
