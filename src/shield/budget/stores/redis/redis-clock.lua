-- Begins redis-account.lua and redis-control.lua, which Redis runs as one text with it: the request, the time, and the identity of
-- this Redis.
local req = cjson.decode(ARGV[1])
local t = redis.call('TIME')
-- The time of the server, in wall-clock ms.
local timeMs = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
-- How far the caller's wall clock is from it.
local apartMs = math.abs(timeMs - req.wallMs)
local clocksAgree = apartMs <= req.toleranceMs
-- Changes when Redis is restarted without its data or fails over.
local masterReplid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
-- How long what is known of an owner outlives its last message: by then it has no lease, and no hold of it can be billed.
local FORGET_MS = 48 * 3600000
