-- Removes a bucket: its fence and all its hashes of rows, if nobody has written since they were listed.
--
-- KEYS[1]   hash of the bucket's fence (apply-n.lua)
-- KEYS[2..] the hashes of rows
-- ARGV[1]   what field f of KEYS[1] held when they were listed, empty for nothing
--
-- Returns 1 when removed, 0 when KEYS[1] holds something else.
--
-- The count of changes goes first and the fence last: half of a removal is recognised like half of a change.

local there = redis.call('HGET', KEYS[1], 'f') or ''
if there ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'b')
for i = 2, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
redis.call('UNLINK', KEYS[1])
return 1
