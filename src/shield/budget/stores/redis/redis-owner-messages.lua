-- Puts a message into a box. A full box refuses it, since dropping an older message would lose a bill. The field is called
-- as earlier versions, which may read the same box, call it.
-- KEYS: box. ARGV[1]: the request as JSON. Answers whether the message was stored.
local req = cjson.decode(ARGV[1])
if redis.call('XLEN', KEYS[1]) >= req.max then return 'false' end
redis.call('XADD', KEYS[1], '*', 'letter', req.message)
return 'true'
