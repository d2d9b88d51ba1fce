-- Writes rows and the fence that they belong to, if the fence is still the one that the writer built on.
--
-- KEYS[1]   hash of the bucket's fence: f 16 hex digits of the change that wrote it, then the fence; b changes begun;
--           e the number of the last change that was ended
-- KEYS[2..] hashes of rows, in the fence's slot
-- ARGV[1]   number of this change (16 hex digits, random)
-- ARGV[2]   expected fence, empty for none
-- ARGV[3]   next fence
-- then for each of KEYS[2..]: number of writes, number of deletions, (field, value) of each write, field of each deletion
--
-- Returns {1} when written, {0, fence}, {0} for no fence, or {2} when half of a change has been there (below). A change
-- that is there already answers {1} again, so a sender who lost the reply asks by sending once more.
--
-- Fences and offsets are strings throughout: a Lua number would lose digits above 2^53. No unpack: its arguments are
-- limited. All that can fail is tried before the first write, and that one alone can meet a full memory.
--
-- Nothing interrupts a script, but Redis 7.0.15 may bring half of one back: when a crash tears the append-only file
-- within a change, the start after it drops the change and leaves its beginning in the file, which the next start joins
-- to whatever was written then. So b is counted up where it is and e is written as it was seen: they differ for ever
-- when a change, or its end, was replayed that this script did not know of.

local there, begun, ended = unpack(redis.call('HMGET', KEYS[1], 'f', 'b', 'e'))
if begun ~= ended then return {2} end
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

local number = redis.call('HINCRBY', KEYS[1], 'b', 1)
redis.call('HSET', KEYS[1], 'f', ARGV[1] .. ARGV[3])
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
redis.call('HSET', KEYS[1], 'e', number)
return {1}
