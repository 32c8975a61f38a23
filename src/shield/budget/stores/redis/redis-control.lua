-- The control state, the registry of owners, and facts about this Redis. Control is one hash with a version; `changes` has
-- the version at which each of its fields last changed.
-- KEYS: control, registry, changes (one hash tag). ARGV[1]: the request as JSON. Answers JSON; numbers that can be large are text.
-- redis-clock.lua comes before it.
local K_CONTROL, K_REGISTRY, K_CHANGES = KEYS[1], KEYS[2], KEYS[3]
-- How many versions back `changes` reaches: otherwise the names of removed scopes would stay for ever. A caller that knows
-- only an earlier version gets everything.
local MAX_VERSIONS = 5000

local function get(name) return redis.call('HGET', K_CONTROL, name) end
local function set(name, value) redis.call('HSET', K_CONTROL, name, value) end
local changed = {}
local function change(name, value)
  if get(name) == value then return end
  set(name, value)
  changed[#changed + 1] = name
end
local function paused(text) return string.find(text or '', '"is":"paused"', 1, true) ~= nil end
local function engaged(text) return string.find(text or '', '"is":"engaged"', 1, true) ~= nil end

-- The clock never goes back, and advances only if the caller's wall clock agrees with the server's.
local nowMs = tonumber(get('clockMs') or '0')
if clocksAgree then nowMs = math.max(nowMs, timeMs) end
set('clockMs', string.format('%.0f', nowMs))

-- The registry has, per owner, when it was last heard from; a “!” behind it means that it must still report to this Redis.
local function heardMs(entry) return tonumber(string.match(entry, '%d+')) end
local function owes(entry) return string.sub(entry, -1) == '!' end
local function hear(owner, atMs, mark) redis.call('HSET', K_REGISTRY, owner, string.format('%.0f', atMs) .. mark) end
local function registry()
  local flat, entries = redis.call('HGETALL', K_REGISTRY), {}
  for i = 1, #flat, 2 do entries[flat[i]] = flat[i + 1] end
  return entries
end

-- FLUSHALL does not change the replication id. So each new control hash gets a `life` of its own, which shows the loss.
if not get('replid') then set('life', t[1] .. '.' .. t[2]) end
-- A hash that an earlier version began has no `life`.
local life = get('life')
local replid = life and masterReplid .. ':' .. life or masterReplid

-- After a restart or failover the last writes may be lost, but none older than the newest that is left. So an owner that was
-- gone before that one, and had nothing to report, is deleted; all others must report.
if get('replid') ~= masterReplid then
  if get('replid') then
    set('movedMs', string.format('%.0f', timeMs))
    local lastMs = 0
    for _, entry in pairs(registry()) do lastMs = math.max(lastMs, heardMs(entry)) end
    for owner, entry in pairs(registry()) do
      if heardMs(entry) + req.leaseMs < lastMs and not owes(entry) then redis.call('HDEL', K_REGISTRY, owner)
      else hear(owner, heardMs(entry), '!') end
    end
  end
  set('replid', masterReplid)
end

-- A caller whose state is of another Redis must merge it first; until then its changes are not made.
local isSettled = not req.replid or req.replid == replid or req.known == '0'
if req.owner then
  local before = redis.call('HGET', K_REGISTRY, req.owner)
  -- An owner that has drawn on another Redis must report, even if this one does not know it.
  local mustTell = req.told ~= replid and (req.told or before and owes(before))
  hear(req.owner, nowMs, mustTell and '!' or '')
end
if req.op == 'leave' then redis.call('HDEL', K_REGISTRY, req.leaving)
elseif req.op ~= 'merge' and not isSettled then -- it is read
elseif req.op == 'fence' then redis.call('HINCRBY', K_CONTROL, 'fences', 1)
elseif req.op == 'trust' then
  set('ready', '1')
  -- The operator's word covers gone owners too, so they are no longer waited for.
  for owner, entry in pairs(registry()) do
    if heardMs(entry) + req.leaseMs <= nowMs then redis.call('HDEL', K_REGISTRY, owner) end
  end
elseif req.op == 'kill_switch' then change('killSwitch', req.value)
elseif req.op == 'pause' then
  -- A removed scope can be paused as well: the pause then applies when it is defined again.
  if get('s:' .. req.scope) or redis.call('ZSCORE', K_CHANGES, 's:' .. req.scope) then change('p:' .. req.scope, req.value) end
elseif req.op == 'scope' then
  -- A pause that was set before the definition is reported together with it.
  if not get('s:' .. req.scope) and get('p:' .. req.scope) then changed[#changed + 1] = 'p:' .. req.scope end
  change('s:' .. req.scope, req.value)
elseif req.op == 'remove' then
  for _, name in ipairs({ 's:' .. req.scope, 'p:' .. req.scope }) do
    if redis.call('HDEL', K_CONTROL, name) == 1 then changed[#changed + 1] = name end
  end
elseif req.op == 'merge' then
  -- A caller restores what this copy has lost. Of two states the one with the lower risk wins.
  local isNewer = tonumber(get('version') or '0') < req.version
  if engaged(req.killSwitch) and not engaged(get('killSwitch')) then change('killSwitch', req.killSwitch) end
  for _, one in ipairs(req.scopes) do
    if isNewer or not get('s:' .. one.scope) then change('s:' .. one.scope, one.value) end
    if paused(one.pause) and not paused(get('p:' .. one.scope)) then change('p:' .. one.scope, one.pause) end
  end
  if isNewer then set('version', string.format('%.0f', req.version)) end
end
-- The version from which changes are recorded.
if not get('noted') then set('noted', get('version') or '0') end
if #changed > 0 then
  local version = redis.call('HINCRBY', K_CONTROL, 'version', 1)
  for _, name in ipairs(changed) do redis.call('ZADD', K_CHANGES, version, name) end
  local oldest = version - MAX_VERSIONS
  if oldest > tonumber(get('noted')) then
    redis.call('ZREMRANGEBYSCORE', K_CHANGES, '-inf', string.format('%.0f', oldest))
    set('noted', string.format('%.0f', oldest))
  end
  redis.call('PUBLISH', K_CONTROL, get('version'))
end

local owners, living = {}, {}
for owner, entry in pairs(registry()) do
  if heardMs(entry) + FORGET_MS <= nowMs then redis.call('HDEL', K_REGISTRY, owner)
  else owners[#owners + 1] = owner end
  if heardMs(entry) + req.leaseMs > nowMs then living[#living + 1] = owner end
end
local version = get('version') or '0'
local reply = {
  version = version, replid = replid, timeMs = string.format('%.0f', timeMs),
  isReady = get('ready') ~= false, movedMs = get('movedMs') or '0', fences = get('fences') or '0', owners = #owners > 0 and owners or nil,
  living = #living > 0 and living or nil,
}
-- A caller that knows a version of this same Redis gets the changes since; any other caller gets everything, because after a
-- loss of writes the same version number may stand for two states.
if version ~= req.known or req.replid ~= replid then
  local isOurs = req.replid == replid and tonumber(req.known) >= tonumber(get('noted')) and tonumber(req.known) < tonumber(version)
  if isOurs then
    local changes = {}
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', K_CHANGES, '(' .. req.known, '+inf')) do
      changes[#changes + 1] = name
      changes[#changes + 1] = get(name) or ''
    end
    reply.changes = #changes > 0 and changes or nil
  else
    reply.fields = redis.call('HGETALL', K_CONTROL)
  end
end
return cjson.encode(reply)
