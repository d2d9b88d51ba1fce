-- Replaces a shared value if its version is still the one that the writer saw.
--
-- KEYS[1] hash: n version, v value
-- ARGV[1] version seen, 0 for no value; ARGV[2] next version; ARGV[3] value
--
-- Returns 1 when replaced, else 0.

if (redis.call('HGET', KEYS[1], 'n') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'n', ARGV[2], 'v', ARGV[3])
return 1
