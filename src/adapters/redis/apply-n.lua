-- Writes rows and the fence that they belong to, if the fence is still the one that the writer built on.
--
-- KEYS[1]   fence of the bucket: 16 hex digits of the change that wrote it, then the fence
-- KEYS[2..] hashes of rows, in the fence's slot
-- ARGV[1]   number of this change (16 hex digits, random)
-- ARGV[2]   expected fence, empty for none
-- ARGV[3]   next fence
-- then for each of KEYS[2..]: number of writes, number of deletions, (field, value) of each write, field of each deletion
--
-- Returns {1} when written, or {0, fence}, {0} for no fence. A change that is there already answers {1} again, so a
-- sender who lost the reply asks by sending once more.
--
-- Fences and offsets are strings throughout: a Lua number would lose digits above 2^53. No unpack: its arguments are
-- limited. All that can fail is tried before the first write, and that one is the fence: it alone can meet a full memory.

local there = redis.call('GET', KEYS[1])
local fence = ''
if there then
  if string.sub(there, 1, 16) == ARGV[1] then return {1} end
  fence = string.sub(there, 17)
end
if fence ~= ARGV[2] then
  if there then return {0, fence} end
  return {0}
end
for i = 2, #KEYS do
  local kind = redis.call('TYPE', KEYS[i]).ok
  if kind ~= 'hash' and kind ~= 'none' then
    return redis.error_reply('WRONGTYPE ' .. KEYS[i] .. ' is no hash of forewarm')
  end
end

redis.call('SET', KEYS[1], ARGV[1] .. ARGV[3])
local at = 4
for i = 2, #KEYS do
  local writes, deletions = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, writes do
    redis.call('HSET', KEYS[i], ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  for _ = 1, deletions do
    redis.call('HDEL', KEYS[i], ARGV[at])
    at = at + 1
  end
end
return {1}
