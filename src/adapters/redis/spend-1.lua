-- Spends from a budget, as src/warming/spend.ts does, by this server's clock.
--
-- KEYS[1] budget: when it will be full again, milliseconds with a fraction
-- ARGV[1] amount, ARGV[2] what may be spent a second, ARGV[3] burst, ARGV[4] longest wait in milliseconds
-- ARGV[5] longest wait that any caller may ask for, ARGV[6] life of the key in milliseconds
--
-- Returns how long to wait, milliseconds; above ARGV[4] nothing was spent.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local fill = tonumber(ARGV[3]) / tonumber(ARGV[2]) * 1000
local before = tonumber(redis.call('GET', KEYS[1]) or now)
if before < now or before > now + tonumber(ARGV[5]) + fill then before = now end
local after = before + tonumber(ARGV[1]) / tonumber(ARGV[2]) * 1000
local wait = math.max(0, math.ceil(after - fill - now))
if wait <= tonumber(ARGV[4]) then
  redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', ARGV[6])
end
return wait
