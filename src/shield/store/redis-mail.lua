-- Puts a letter into a box. A full box takes none: a letter that pushed out another would lose a bill.
-- KEYS: box. ARGV[1]: the request as JSON. Answers whether the letter is kept.
local req = cjson.decode(ARGV[1])
if redis.call('XLEN', KEYS[1]) >= req.max then return 'false' end
redis.call('XADD', KEYS[1], '*', 'letter', req.letter)
return 'true'
