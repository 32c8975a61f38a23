-- What the scripts of the Redis store ask of Redis, in memory: hashes, sorted sets, its clock and its replication id.
-- Every write is noted with what was there before, so that a failover can lose the last scripts that wrote.
local data, writes, marks = {}, {}, {}
-- So many scripts a replica has as well: no failover loses them.
local replicated = 0
local now, replid, published = 0, '', nil

-- This is Lua 5.4, Redis has 5.1.
unpack = table.unpack
math.pow = function(a, b) return a ^ b end

local function write(key, name, value)
  local at = data[key]
  if not at then
    at = {}
    data[key] = at
  end
  writes[#writes + 1] = { key, name, at[name] }
  at[name] = value
end
local function of(key) return data[key] or {} end
local function copied(value)
  if type(value) ~= 'table' then return value end
  local copy = {}
  for name, one in pairs(value) do copy[name] = copied(one) end
  return copy
end
local function isWhole(text) return type(text) == 'string' and string.match(text, '^%-?%d+$') ~= nil end

local commands = {}
function commands.TIME()
  return { string.format('%.0f', math.floor(now / 1000)), string.format('%.0f', math.fmod(now, 1000) * 1000) }
end
function commands.INFO() return 'role:master\r\nmaster_replid:' .. replid .. '\r\n' end
function commands.HGET(key, name)
  local value = of(key)[name]
  if value == nil then return false end
  return value
end
function commands.HMGET(key, ...)
  local found = {}
  for i, name in ipairs({ ... }) do found[i] = commands.HGET(key, name) end
  return found
end
function commands.HSET(key, ...)
  local given = { ... }
  for i = 1, #given, 2 do
    local value = given[i + 1]
    -- As Redis does it: a number becomes text, a packed value is text already.
    if type(value) == 'number' then value = string.format('%.17g', value) end
    assert(type(value) == 'string' or type(value) == 'table' and value.packed ~= nil, 'HSET of a ' .. type(value))
    write(key, given[i], value)
  end
end
function commands.HINCRBY(key, name, by)
  local before = of(key)[name] or '0'
  if type(by) == 'number' then by = string.format('%.0f', by) end
  assert(isWhole(before) and isWhole(by), 'ERR hash value is not an integer')
  write(key, name, string.format('%.0f', tonumber(before) + tonumber(by)))
  return tonumber(of(key)[name])
end
function commands.HDEL(key, ...)
  for _, name in ipairs({ ... }) do
    if of(key)[name] ~= nil then write(key, name, nil) end
  end
end
function commands.HKEYS(key)
  local names = {}
  for name in pairs(of(key)) do names[#names + 1] = name end
  return names
end
function commands.HGETALL(key)
  local flat = {}
  for name, value in pairs(of(key)) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  return flat
end
function commands.EXISTS(...)
  local found = 0
  for _, key in ipairs({ ... }) do if #commands.HKEYS(key) > 0 then found = found + 1 end end
  return found
end
-- Nothing expires: what is removed is kept for days, and no simulation lasts so long.
function commands.PEXPIRE() return 1 end
function commands.PERSIST() return 1 end
function commands.DEL(...)
  for _, key in ipairs({ ... }) do
    for _, name in ipairs(commands.HKEYS(key)) do write(key, name, nil) end
  end
end
function commands.ZADD(key, score, member) write(key, member, score) end
function commands.ZSCORE(key, member) return commands.HGET(key, member) end
commands.ZREM = commands.HDEL
-- As it is used: all above a score, or up to one.
function commands.ZRANGEBYSCORE(key, least, most)
  local from = least == '-inf' and -math.huge or tonumber((string.gsub(least, '^%(', '')))
  local to = most == '+inf' and math.huge or tonumber(most)
  assert((least == '-inf') ~= (most == '+inf'))
  local found = {}
  for _, member in ipairs(commands.HKEYS(key)) do
    local score = tonumber(of(key)[member])
    if score > from and score <= to then found[#found + 1] = member end
  end
  table.sort(found)
  return found
end
function commands.ZREMRANGEBYSCORE(key, least, most)
  for _, member in ipairs(commands.ZRANGEBYSCORE(key, least, most)) do write(key, member, nil) end
end
function commands.PUBLISH(_, message) published = message end
redis = { call = function(name, ...)
  local command = commands[name]
  if not command then error('the fake Redis does not know ' .. name) end
  return command(...)
end }

-- A packed value is a copy: what is done to it afterwards does not reach what is kept.
cmsgpack = {
  pack = function(value) return { packed = copied(value) } end,
  unpack = function(kept) return copied(kept.packed) end,
}

-- cjson ---------------------------------------------------------------------------------------------------------------
local ESCAPES = { ['"'] = '\\"', ['\\'] = '\\\\', ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t' }
local function quoted(text)
  return '"' .. string.gsub(text, '[%c"\\]', function(c)
    return ESCAPES[c] or string.format('\\u%04x', string.byte(c))
  end) .. '"'
end
local function encode(value)
  local kind = type(value)
  if value == cjson.null then return 'null' end
  if kind == 'string' then return quoted(value) end
  -- Not more digits than cjson keeps.
  if kind == 'number' then return string.format('%.14g', value) end
  if kind == 'boolean' then return tostring(value) end
  assert(kind == 'table', 'cjson cannot encode a ' .. kind)
  local parts = {}
  if #value > 0 then
    for i, one in ipairs(value) do parts[i] = encode(one) end
    return '[' .. table.concat(parts, ',') .. ']'
  end
  for name, one in pairs(value) do parts[#parts + 1] = quoted(tostring(name)) .. ':' .. encode(one) end
  return '{' .. table.concat(parts, ',') .. '}'
end
local UNESCAPES = { n = '\n', r = '\r', t = '\t', b = '\b', f = '\f' }
local value
local function textAt(text, at)
  local from = at + 1
  local to = string.find(text, '"', from, true)
  if not string.find(string.sub(text, from, to), '\\', 1, true) then return string.sub(text, from, to - 1), to + 1 end
  local parts = {}
  while true do
    local c = string.sub(text, from, from)
    if c == '"' then return table.concat(parts), from + 1 end
    if c ~= '\\' then
      parts[#parts + 1] = c
      from = from + 1
    else
      local e = string.sub(text, from + 1, from + 1)
      if e == 'u' then
        parts[#parts + 1] = utf8.char(tonumber(string.sub(text, from + 2, from + 5), 16))
        from = from + 6
      else
        parts[#parts + 1] = UNESCAPES[e] or e
        from = from + 2
      end
    end
  end
end
-- The texts are what JSON.stringify makes: no white space.
function value(text, at)
  local c = string.byte(text, at)
  if c == 34 then return textAt(text, at) end
  if c == 123 then
    local found = {}
    at = at + 1
    while string.byte(text, at) ~= 125 do
      if string.byte(text, at) == 44 then at = at + 1 end
      local name
      name, at = textAt(text, at)
      found[name], at = value(text, at + 1)
    end
    return found, at + 1
  end
  if c == 91 then
    local found = {}
    at = at + 1
    while string.byte(text, at) ~= 93 do
      if string.byte(text, at) == 44 then at = at + 1 end
      found[#found + 1], at = value(text, at)
    end
    return found, at + 1
  end
  if c == 116 then return true, at + 4 end
  if c == 102 then return false, at + 5 end
  if c == 110 then return cjson.null, at + 4 end
  local _, to = string.find(text, '^[-+.%deE]+', at)
  -- A double, as all numbers of Redis's Lua are.
  return tonumber(string.sub(text, at, to)) + 0.0, to + 1
end
cjson = { null = {}, encode = encode, decode = function(text) return (value(text, 1)) end }

-- From outside --------------------------------------------------------------------------------------------------------
function reset(newReplid)
  data, writes, marks, replid, replicated = {}, {}, {}, newReplid, 0
end
function compile(text) return assert(load(text)) end
-- Runs a script whose keys are given first; answers what it answers, and what it announced.
function run(script, atMs, count, ...)
  now, published = atMs, nil
  local given = { ... }
  KEYS, ARGV = {}, {}
  for i, one in ipairs(given) do
    if i <= count then KEYS[i] = one else ARGV[i - count] = one end
  end
  marks[#marks + 1] = #writes
  return script()
end
function announced() return published end
-- A replica confirms that it has everything so far.
function replicate() replicated = #marks end
-- Another server takes over; it lacks what the last so many scripts wrote, but for what a replica has confirmed.
function failOver(newReplid, lost)
  replid = newReplid
  for _ = 1, lost do
    if #marks == replicated then break end
    local mark = table.remove(marks)
    while #writes > mark do
      local undone = table.remove(writes)
      data[undone[1]][undone[2]] = undone[3]
    end
  end
end
-- The registry of owners as it is kept: when each was last heard from.
function registry() return cjson.encode(of('bidwarden:{control}:owners')) end
function figures(account, owners, forfeits, slots)
  local kept = of(account)
  if not kept.replid then return '' end
  local promised, available = 0, nil
  for _, one in pairs(of(owners)) do promised = promised + one.packed.out end
  for _, one in pairs(of(forfeits)) do
    if not one.packed.booked then promised = promised + one.packed.rest end
  end
  for _, spec in ipairs(cjson.decode(kept.limits)) do
    local id = spec.kind == 'sliding' and 's' .. string.format('%.0f', spec.windowMs)
      or spec.kind == 'day' and 'd' .. spec.timezone or 'l'
    local room = spec.max - tonumber(of(slots)[id .. '|sum'] or '0') - promised
    available = math.min(available or room, room)
  end
  return cjson.encode({
    spent = tonumber(kept.spent or '0'), overdraft = tonumber(kept.overdraft or '0'), promised = promised,
    available = available, limits = kept.limits, isFenced = kept.fence ~= nil,
  })
end
