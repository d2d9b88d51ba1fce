-- Moves a pointer to a version unless it is there already for a later change.
--
-- KEYS[1] pointer: time of the change in milliseconds, a space, the version (empty when the file was deleted)
-- ARGV[1] time of this change, ARGV[2] version, ARGV[3] life in milliseconds
--
-- Returns 1 when moved, else 0. Times are below 2^53, so Lua's numbers compare them exactly.

local there = redis.call('GET', KEYS[1])
if there then
  local atMs = tonumber(string.match(there, '^(%-?%d+) '))
  if atMs and atMs > tonumber(ARGV[1]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 1
