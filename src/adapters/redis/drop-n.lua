-- Removes a bucket: its fence and all its hashes of rows, if nobody has written since they were listed.
--
-- KEYS[1]   fence of the bucket, with the number of the change that wrote it
-- KEYS[2..] the hashes
-- ARGV[1]   what KEYS[1] held when they were listed, empty for nothing
--
-- Returns 1 when removed, 0 when KEYS[1] holds something else.

local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return 0 end
for i = 1, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
return 1
