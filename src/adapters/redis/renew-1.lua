-- Renews the life of an entry without marking it read.
--
-- KEYS[1] entry; its state is the byte at offset 1 (src/wire/cache-entry.ts)
-- ARGV[1] life of an unread warm that a run asked for, ARGV[2] life of any other, ARGV[3] the longest of the first kind,
-- in milliseconds
--
-- Returns 1 when the entry is there, else 0.

local unread = redis.call('GETRANGE', KEYS[1], 1, 1) == 'u'
local asked = unread and redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[3])
return redis.call('PEXPIRE', KEYS[1], asked and ARGV[1] or ARGV[2])
