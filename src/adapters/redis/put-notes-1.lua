-- Writes notes of one group, all or none.
--
-- KEYS[1] hash of the group
-- ARGV[1] number of writes, then (name, value) of each, then the names of the notes to delete
--
-- Writes come first: of all commands only the first write can meet a full memory, and then nothing was done.

local writes = tonumber(ARGV[1])
local at = 2
for _ = 1, writes do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for i = at, #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[i])
end
return 1
