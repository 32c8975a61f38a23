-- One scope in Redis. Does what account.ts does in memory, as one atomic step per request.
-- KEYS: account, owners, forfeits, slots, billed, amounts of what was billed (one hash tag). ARGV[1]: the request as JSON. Answers JSON whose
-- numbers are text, since cjson keeps only 14 digits. redis-clock.lua comes before it.
local K_ACCOUNT, K_OWNERS, K_FORFEITS = KEYS[1], KEYS[2], KEYS[3]
local K_SLOTS, K_BILLED, K_AMOUNTS = KEYS[4], KEYS[5], KEYS[6]
local SLOTS = 600
local NEVER = math.huge

local function text(n)
  if n == math.huge then return 'Infinity' end
  if n == -math.huge then return '-Infinity' end
  return string.format('%.0f', n)
end
local function answer(reply) return cjson.encode(reply) end
local function field(key, name) return redis.call('HGET', key, name) end
local function number(key, name) return tonumber(field(key, name) or '0') end
local function put(key, name, n) redis.call('HSET', key, name, text(n)) end
local function increase(key, name, by)
  if by ~= 0 then redis.call('HINCRBY', key, name, text(by)) end
end
local function load(key)
  local flat = redis.call('HGETALL', key)
  local found = {}
  for i = 1, #flat, 2 do found[flat[i]] = cmsgpack.unpack(flat[i + 1]) end
  return found
end
local function save(key, name, value) redis.call('HSET', key, name, cmsgpack.pack(value)) end

-- The time is that of the server. It never goes back, and a request is refused if the caller's wall clock differs too much.
if not clocksAgree then
  return answer({ is = 'fenced', detail = 'the clocks of this process and of Redis are ' .. text(apartMs) .. ' ms apart',
    retryAfterMs = '1000' })
end
local nowMs = math.max(timeMs, number(K_ACCOUNT, 'seen'))
local replid = masterReplid
local exists = field(K_ACCOUNT, 'replid')
if not exists and req.op ~= 'define' then return answer({ is = 'unknown_scope' }) end

local limits = {}
-- The distinct windows: two limits over the same window share it.
local windows = {}
local function readLimits(json)
  limits, windows = cjson.decode(json), {}
  local seen = {}
  for _, spec in ipairs(limits) do
    if spec.kind == 'sliding' then spec.id = 's' .. text(spec.windowMs)
    elseif spec.kind == 'day' then spec.id = 'd' .. spec.timezone
    else spec.id = 'l' end
    if not seen[spec.id] then
      seen[spec.id] = true
      windows[#windows + 1] = spec
    end
  end
end
if exists then readLimits(field(K_ACCOUNT, 'limits')) end
-- Redis knows no time zones, so the caller sends the beginnings of its days. Without them nothing can be booked.
local function lacksDay()
  for _, w in ipairs(windows) do
    if w.kind == 'day' and not req.days[w.timezone] then
      return answer({ is = 'needs_day', timezone = w.timezone })
    end
  end
end
local lacking = lacksDay()
if lacking then return lacking end

-- Windows -----------------------------------------------------------------------------------------------------------
local function slotOf(w, atMs) return math.floor(atMs * SLOTS / w.windowMs) end
local function slotField(w, slot) return w.id .. '|' .. text(slot) end
local function amounts(w, from, to)
  local names = {}
  for slot = from, to do names[#names + 1] = slotField(w, slot) end
  if #names == 0 then return {} end
  return redis.call('HMGET', K_SLOTS, unpack(names))
end
local function nextMidnight(w, afterMs)
  for _, midnightMs in ipairs(req.days[w.timezone]) do
    if midnightMs > afterMs then return midnightMs end
  end
  error('no midnight after ' .. text(afterMs))
end

-- Removes what no longer counts at `atMs`.
local function advance(w, atMs)
  if w.kind == 'sliding' then
    local newest = number(K_SLOTS, w.id .. '|new')
    local slot = slotOf(w, atMs)
    if slot <= newest then return end
    local oldest = number(K_SLOTS, w.id .. '|old')
    local last = math.min(slot - SLOTS - 1, newest)
    local gone = {}
    for i, amount in ipairs(amounts(w, oldest, last)) do
      if amount then
        increase(K_SLOTS, w.id .. '|sum', -tonumber(amount))
        gone[#gone + 1] = slotField(w, oldest + i - 1)
      end
    end
    if #gone > 0 then redis.call('HDEL', K_SLOTS, unpack(gone)) end
    put(K_SLOTS, w.id .. '|new', slot)
    put(K_SLOTS, w.id .. '|old', math.max(oldest, slot - SLOTS))
  elseif w.kind == 'day' then
    local endsMs = number(K_SLOTS, w.id .. '|ends')
    -- The day ends only after the tolerance as well: until then the clock of an accepted caller may be in the old day.
    if atMs < endsMs + req.toleranceMs then
      local said = nextMidnight(w, atMs)
      -- If callers disagree about this midnight, the later one counts.
      if atMs < endsMs and said > endsMs and said - endsMs < 43200000 then put(K_SLOTS, w.id .. '|ends', said) end
      return
    end
    local followingMs = nextMidnight(w, endsMs)
    local carries = followingMs > atMs
    put(K_SLOTS, w.id .. '|sum', carries and number(K_SLOTS, w.id .. '|carried') or 0)
    put(K_SLOTS, w.id .. '|carried', 0)
    put(K_SLOTS, w.id .. '|started', endsMs)
    put(K_SLOTS, w.id .. '|ends', nextMidnight(w, atMs))
  end
end
local function sum(w) return number(K_SLOTS, w.id .. '|sum') end
local function add(w, atMs, amount)
  advance(w, atMs)
  increase(K_SLOTS, w.id .. '|sum', amount)
  if w.kind == 'sliding' then
    increase(K_SLOTS, slotField(w, math.max(slotOf(w, atMs), number(K_SLOTS, w.id .. '|new'))), amount)
  elseif w.kind == 'day' and atMs >= number(K_SLOTS, w.id .. '|ends') then
    -- After midnight, but the day has not ended: the amount counts for both days.
    increase(K_SLOTS, w.id .. '|carried', amount)
  end
end
local function remove(w, bookedAtMs, amount)
  if w.kind == 'sliding' then
    local newest = number(K_SLOTS, w.id .. '|new')
    local slot = math.min(slotOf(w, bookedAtMs), newest)
    if slot < newest - SLOTS then return end
    local taken = math.min(amount, number(K_SLOTS, slotField(w, slot)))
    increase(K_SLOTS, slotField(w, slot), -taken)
    increase(K_SLOTS, w.id .. '|sum', -taken)
  elseif w.kind == 'lifetime' or bookedAtMs >= number(K_SLOTS, w.id .. '|started') then
    put(K_SLOTS, w.id .. '|sum', math.max(0, sum(w) - amount))
    if w.kind == 'day' then
      put(K_SLOTS, w.id .. '|carried', math.min(number(K_SLOTS, w.id .. '|carried'), sum(w)))
    end
  end
end
local function reliefInMs(w, amount)
  if amount <= 0 then return 0 end
  if amount > sum(w) or w.kind == 'lifetime' then return NEVER end
  if w.kind == 'day' then
    local endsMs = number(K_SLOTS, w.id .. '|ends')
    if amount > sum(w) - number(K_SLOTS, w.id .. '|carried') then endsMs = nextMidnight(w, endsMs) end
    return math.max(0, endsMs + req.toleranceMs - nowMs)
  end
  local oldest = number(K_SLOTS, w.id .. '|old')
  local freed = 0
  for i, inSlot in ipairs(amounts(w, oldest, number(K_SLOTS, w.id .. '|new'))) do
    freed = freed + tonumber(inSlot or '0')
    if freed >= amount then
      return math.max(0, math.ceil((oldest + i + SLOTS) * w.windowMs / SLOTS) - nowMs)
    end
  end
  return NEVER
end
local function open(w)
  if w.kind == 'sliding' then
    put(K_SLOTS, w.id .. '|new', slotOf(w, nowMs))
    put(K_SLOTS, w.id .. '|old', slotOf(w, nowMs) - SLOTS)
  elseif w.kind == 'day' then
    put(K_SLOTS, w.id .. '|ends', nextMidnight(w, nowMs))
    put(K_SLOTS, w.id .. '|started', nowMs)
  end
  put(K_SLOTS, w.id .. '|sum', 0)
end

-- The account -------------------------------------------------------------------------------------------------------
local owners, forfeits = {}, {}
local function book(atMs, amount)
  if amount == 0 then return end
  for _, w in ipairs(windows) do add(w, atMs, amount) end
  increase(K_ACCOUNT, 'spent', amount)
end
local function unbook(bookedAtMs, amount)
  for _, w in ipairs(windows) do remove(w, bookedAtMs, amount) end
  increase(K_ACCOUNT, 'spent', -amount)
end
local function promised()
  local total = 0
  for _, lease in pairs(owners) do total = total + lease.out end
  for _, forfeit in pairs(forfeits) do if not forfeit.booked then total = total + forfeit.rest end end
  return total
end
-- The room that each limit leaves.
local function rooms()
  local left, held = {}, promised()
  for i, spec in ipairs(limits) do left[i] = spec.max - sum(spec) - held end
  return left
end
local function available()
  local least = NEVER
  for _, room in ipairs(rooms()) do least = math.min(least, room) end
  return least
end
local function overdraftOf(uncovered)
  if uncovered == 0 then return 0 end
  local overdraft = math.max(0, uncovered - math.max(0, available()))
  increase(K_ACCOUNT, 'overdraft', overdraft)
  return overdraft
end
local COUNTERS = { 'granted', 'reported', 'returned', 'overdrawn', 'forfeited' }
-- `seq` is the number of the last line answered under the lease, `knew` are the sums over the lines up to it.
local function forfeitRest(owner, rest, atMs, lease)
  local before = forfeits[owner]
  if before and not before.booked then rest = rest + before.rest end
  local knew = {}
  for _, name in ipairs(COUNTERS) do knew[name] = lease[name] end
  forfeits[owner] = { rest = rest, at = atMs, booked = false, seq = lease.seq, knew = knew }
  save(K_FORFEITS, owner, forfeits[owner])
end
local function forfeit(owner, lease, atMs)
  owners[owner] = nil
  redis.call('HDEL', K_OWNERS, owner)
  forfeitRest(owner, lease.out, atMs + lease.hold, lease)
end

-- How long until no lost grant can be used, no bid of it can be billed, and no lost spend counts any more.
local function amnesiaMs()
  local longestMs = 0
  for _, w in ipairs(windows) do
    if w.kind == 'sliding' then longestMs = math.max(longestMs, math.ceil(w.windowMs * (SLOTS + 1) / SLOTS))
    elseif w.kind == 'day' then longestMs = math.max(longestMs, nextMidnight(w, nowMs) + req.toleranceMs - nowMs)
    else return NEVER end
  end
  return req.leaseMs + number(K_ACCOUNT, 'hold') + longestMs
end
local function fence(why)
  redis.call('HSET', K_ACCOUNT, 'replid', replid, 'fence', why, 'fenceSince', text(nowMs),
    'fenceUntil', text(nowMs + amnesiaMs()), 'lost', text(nowMs))
end
-- Whether an unknown owner may be one that this copy has lost. What it still holds then counts, even after an operator's
-- trust, which is about spend only.
local function lostLately()
  local atMs = field(K_ACCOUNT, 'lost')
  return field(K_ACCOUNT, 'fence') or (atMs and nowMs - tonumber(atMs) < FORGET_MS)
end
local function lift() redis.call('HDEL', K_ACCOUNT, 'fence', 'fenceSince', 'fenceUntil') end
local function fenceUntilMs()
  local untilText = field(K_ACCOUNT, 'fenceUntil')
  if not untilText then return nil end
  return untilText == 'Infinity' and NEVER or tonumber(untilText)
end

-- Forfeits leases that have ended, books forfeits that are due, and fences the account if Redis was restarted.
local function age()
  owners, forfeits = load(K_OWNERS), load(K_FORFEITS)
  for owner, lease in pairs(load(K_OWNERS)) do
    if lease.ends <= nowMs then
      if lease.out > 0 then forfeit(owner, lease, lease.ends)
      elseif lease.ends + FORGET_MS <= nowMs then
        owners[owner] = nil
        redis.call('HDEL', K_OWNERS, owner)
      end
    end
  end
  local due = {}
  for owner, one in pairs(forfeits) do
    if one.booked then
      if one.at + FORGET_MS <= nowMs then
        forfeits[owner] = nil
        redis.call('HDEL', K_FORFEITS, owner)
      end
    elseif one.at <= nowMs then due[#due + 1] = { owner = owner, one = one } end
  end
  table.sort(due, function(a, b) return a.one.at < b.one.at end)
  for _, d in ipairs(due) do
    d.one.booked = true
    save(K_FORFEITS, d.owner, d.one)
    book(d.one.at, d.one.rest)
  end
  for _, w in ipairs(windows) do advance(w, nowMs) end
  local old = redis.call('ZRANGEBYSCORE', K_BILLED, '-inf', text(nowMs - FORGET_MS), 'LIMIT', 0, 1000)
  if #old > 0 then
    redis.call('ZREM', K_BILLED, unpack(old))
    redis.call('HDEL', K_AMOUNTS, unpack(old))
  end
  put(K_ACCOUNT, 'seen', nowMs)
  if field(K_ACCOUNT, 'replid') ~= replid then fence('Redis was restarted or failed over') end
  local untilMs = fenceUntilMs()
  if untilMs and untilMs <= nowMs then lift() end
end

local function reliefForMs(wanted)
  local held, waitMs = promised(), 0
  for _, spec in ipairs(limits) do
    local spent = sum(spec)
    local tooMuch = spent + held + wanted - spec.max
    if tooMuch > 0 then
      if wanted > spec.max then return NEVER end
      if tooMuch <= spent then waitMs = math.max(waitMs, reliefInMs(spec, tooMuch))
      -- If promised money takes up the room, the wait is as long as if it were spent now.
      elseif spec.kind == 'sliding' then waitMs = math.max(waitMs, spec.windowMs)
      elseif spec.kind == 'day' then waitMs = math.max(waitMs, 24 * 3600000)
      else return NEVER end
    end
  end
  return waitMs
end
local function standing(owner, wanted)
  local elsewhere, gone, firstMs = 0, 0, nil
  for other, lease in pairs(owners) do if other ~= owner then elsewhere = elsewhere + lease.out end end
  for _, one in pairs(forfeits) do
    if not one.booked and one.rest > 0 then
      gone = gone + one.rest
      firstMs = math.min(firstMs or one.at, one.at)
    end
  end
  local counted = {}
  for i, spec in ipairs(limits) do
    local spent = sum(spec)
    counted[i] = { text(spent), text(spent > 0 and reliefInMs(spec, 1) or NEVER) }
  end
  return {
    available = text(available()), reliefInMs = text(wanted > 0 and reliefForMs(wanted) or 0),
    specs = field(K_ACCOUNT, 'limits'), counted = #counted > 0 and counted or nil, elsewhere = text(elsewhere),
    forfeited = text(gone), bookedInMs = firstMs and text(math.max(0, firstMs - nowMs)) or nil,
    spentEver = text(number(K_ACCOUNT, 'spent')), overdraftEver = text(number(K_ACCOUNT, 'overdraft')),
  }
end

-- Adds what an owner has reported and this copy has lost. The sums of an owner only grow, so the difference is what is lost.
local function reconcile(owner, lease, totals)
  local function lost(name)
    local by = math.max(0, totals[name] - lease[name])
    lease[name] = lease[name] + by
    return by
  end
  local granted, reported, returned, gone = lost('granted'), lost('reported'), lost('returned'), lost('forfeited')
  lease.out = math.max(0, lease.out + granted - reported - returned - gone)
  book(nowMs, reported + lost('overdrawn'))
  if gone > 0 then forfeitRest(owner, gone, nowMs + lease.hold, lease) end
end
local function claimed(totals)
  return totals.granted - totals.reported - totals.returned - totals.forfeited
end
local function admit(hold)
  return { seq = 0, out = 0, ends = 0, hold = hold, granted = 0, reported = 0, returned = 0, overdrawn = 0, forfeited = 0 }
end
local function finish(owner, lease, line, reply)
  lease.seq, lease.ends, lease.told = line.seq, nowMs + req.leaseMs, replid
  lease.hold = math.max(lease.hold, line.longestHoldMs)
  put(K_ACCOUNT, 'hold', math.max(number(K_ACCOUNT, 'hold'), lease.hold))
  lease.reply = answer(reply)
  owners[owner] = lease
  save(K_OWNERS, owner, lease)
  return lease.reply
end

local function sync(owner, line)
  local lease = owners[owner]
  if lease and line.seq == lease.seq then
    lease.told = replid
    save(K_OWNERS, owner, lease)
    return lease.reply
  end
  local gone = forfeits[owner]
  if line.seq < (lease and lease.seq or gone and gone.seq or 0) then return answer({ is = 'stale' }) end
  local fenced = fenceUntilMs()
  -- An owner that knows of its forfeit claims nothing. If it claims money, it applied a late answer from before the forfeit.
  if lease and lease.forgets and line.totals and claimed(line.totals) > 0 then
    -- The sums of the forfeited lease are counted already; only what exceeds them is new.
    for name, total in pairs(lease.knew or {}) do lease[name] = math.max(lease[name], total) end
    reconcile(owner, lease, line.totals)
    forfeit(owner, lease, nowMs)
    lease, gone = nil, forfeits[owner]
  end
  if not lease and (line.seq ~= 1 or gone) and not (lostLately() and line.totals and not gone) then
    lease = admit(line.longestHoldMs)
    if line.totals then for name, total in pairs(line.totals) do lease[name] = total end end
    lease.forfeited = lease.granted - lease.reported - lease.returned
    lease.forgets, lease.knew = true, gone and gone.knew
    lease.overdrawn = lease.overdrawn + line.overdrawn
    -- A line that was applied before the lease ended is booked already.
    local news = gone and gone.seq == line.seq and 0 or line.overdrawn
    local overdraft = overdraftOf(news)
    book(nowMs, news)
    return finish(owner, lease, line, { is = 'forfeited', bookedAtMs = text(nowMs), overdraft = text(overdraft) })
  end
  lease = lease or admit(line.longestHoldMs)
  lease.forgets, lease.knew = false, nil
  owners[owner] = lease
  if line.totals then reconcile(owner, lease, line.totals) end
  for _, credit in ipairs(line.credits) do unbook(credit.bookedAtMs, credit.amount) end
  local returned = math.min(line.giveBack, lease.out)
  local spent = math.min(line.spent, lease.out - returned)
  local uncovered = line.overdrawn + line.spent - spent
  lease.out = lease.out - spent - returned
  lease.reported, lease.returned = lease.reported + line.spent, lease.returned + line.giveBack
  lease.overdrawn = lease.overdrawn + line.overdrawn
  -- Spend covered by grants is booked first, so that its room does not look free.
  book(nowMs, spent)
  local overdraft = overdraftOf(uncovered)
  book(nowMs, uncovered)

  local granted, withheld = 0, nil
  if fenced then
    withheld = { detail = field(K_ACCOUNT, 'fence'), retryAfterMs = text(fenced - nowMs) }
  else
    local room = math.max(0, available())
    if room == NEVER then granted = math.max(line.want, line.need)
    else
      local live = 0
      for other, one in pairs(owners) do if other == owner or one.ends > nowMs then live = live + 1 end end
      local fair = math.floor(room / (2 * live))
      granted = math.min(room, math.max(line.need, math.min(line.want, fair)))
    end
  end
  lease.out, lease.granted = lease.out + granted, lease.granted + granted
  return finish(owner, lease, line, {
    is = 'granted', granted = text(granted), leaseForMs = text(req.leaseMs), bookedAtMs = text(nowMs),
    overdraft = text(overdraft), withheld = withheld, standing = standing(owner, math.max(0, line.need - granted)),
  })
end

local function bill(b)
  local lease = owners[b.owner]
  if lease and lease.ends > nowMs then return answer({ is = 'alive' }) end
  local earlier = redis.call('ZSCORE', K_BILLED, b.id)
  local known = b.known or 0
  -- Bills of earlier versions have no amount: such a bill is final.
  if earlier then known = math.max(known, tonumber(redis.call('HGET', K_AMOUNTS, b.id) or NEVER)) end
  if earlier and (not b.known or b.amount <= known) then return answer({ is = 'already' }) end
  if known > 0 and b.amount <= known then return answer({ is = 'already' }) end
  local amount = b.amount - known
  local one = forfeits[b.owner]
  local before = rooms()
  if one then
    local rest = math.min(amount, one.rest)
    one.rest = one.rest - rest
    -- The forfeit was booked as spend at an earlier time; that booking is replaced by the bill's.
    if one.booked then unbook(one.at, rest) end
    save(K_FORFEITS, b.owner, one)
  end
  -- Per limit, the forfeit covers the bill only as far as it still counted there: a part that had left the window does not.
  local overdraft = 0
  for i, room in ipairs(rooms()) do
    overdraft = math.max(overdraft, amount - room + math.min(0, before[i]))
  end
  increase(K_ACCOUNT, 'overdraft', overdraft)
  book(nowMs, amount)
  if not earlier then redis.call('ZADD', K_BILLED, text(nowMs), b.id) end
  put(K_AMOUNTS, b.id, b.amount)
  return answer({ is = 'booked', amount = text(amount), overdraft = text(overdraft) })
end

-- All spend as entries, each with the youngest possible age.
local function history()
  local longest, entries, listed = nil, {}, 0
  for _, w in ipairs(windows) do
    if w.kind == 'sliding' and (not longest or w.windowMs > longest.windowMs) then longest = w end
  end
  if longest then
    local oldest = number(K_SLOTS, longest.id .. '|old')
    for i, amount in ipairs(amounts(longest, oldest, number(K_SLOTS, longest.id .. '|new'))) do
      if amount and tonumber(amount) > 0 then
        local age = math.max(0, nowMs - math.ceil((oldest + i) * longest.windowMs / SLOTS))
        entries[#entries + 1] = { age = age, amount = tonumber(amount) }
        listed = listed + tonumber(amount)
      end
    end
  end
  local older = number(K_ACCOUNT, 'spent') - listed
  if older > 0 then table.insert(entries, 1, { age = longest and longest.windowMs or 0, amount = older }) end
  return entries
end
local function setLimits(json)
  local entries, before = history(), {}
  for _, w in ipairs(windows) do before[w.id] = w end
  readLimits(json)
  redis.call('HSET', K_ACCOUNT, 'limits', json)
  for _, w in ipairs(windows) do
    if before[w.id] then before[w.id] = nil
    else
      open(w)
      for _, e in ipairs(entries) do
        if w.kind == 'sliding' and e.age <= w.windowMs then
          local slot = slotOf(w, nowMs - e.age)
          increase(K_SLOTS, slotField(w, math.max(slot, slotOf(w, nowMs) - SLOTS)), e.amount)
          increase(K_SLOTS, w.id .. '|sum', e.amount)
        elseif w.kind == 'lifetime' or (w.kind == 'day' and nowMs - e.age >= nextMidnight(w, nowMs) - 25 * 3600000) then
          add(w, nowMs, e.amount)
        end
      end
    end
  end
  for id in pairs(before) do
    for _, name in ipairs(redis.call('HKEYS', K_SLOTS)) do
      if string.sub(name, 1, #id + 1) == id .. '|' then redis.call('HDEL', K_SLOTS, name) end
    end
  end
end

-- Lets a removed account expire when nothing of it can count any more; 0 keeps it for ever, for lifetime limits.
local function expire()
  local keepMs = number(K_ACCOUNT, 'keepMs')
  if keepMs > 0 then for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, keepMs) end end
end

if req.op == 'define' then
  local d = req.definition
  if exists and field(K_ACCOUNT, 'keepMs') then
    redis.call('HDEL', K_ACCOUNT, 'keepMs')
    for _, key in ipairs(KEYS) do redis.call('PERSIST', key) end
  end
  if not exists then
    if not req.fence and math.abs(timeMs - req.askedMs) > req.toleranceMs then return answer({ is = 'stale' }) end
    redis.call('HSET', K_ACCOUNT, 'replid', replid, 'currency', d.currency, 'setBy', d.by, 'limits', req.limits,
      'holdMode', d.holdMode or '')
    readLimits(req.limits)
    local needed = lacksDay()
    if needed then
      redis.call('DEL', K_ACCOUNT)
      return needed
    end
    redis.call('HSET', K_ACCOUNT, 'limits', '[]')
    limits, windows = {}, {}
    setLimits(req.limits)
    put(K_ACCOUNT, 'hold', req.holdMs)
    age()
    if req.fence then fence(req.fence) end
  else
    age()
    if d.currency == field(K_ACCOUNT, 'currency') and (d.by == 'operator' or field(K_ACCOUNT, 'setBy') == 'configuration') then
      local known = req.limits
      if known ~= field(K_ACCOUNT, 'limits') then setLimits(known) end
      redis.call('HSET', K_ACCOUNT, 'setBy', d.by, 'holdMode', d.holdMode or '')
    end
  end
  return answer({ is = 'defined', currency = field(K_ACCOUNT, 'currency'), limits = field(K_ACCOUNT, 'limits'),
    by = field(K_ACCOUNT, 'setBy'), holdMode = field(K_ACCOUNT, 'holdMode') or '' })
end

age()
if req.op == 'remove' then
  local isUnused = number(K_ACCOUNT, 'spent') == 0 and redis.call('EXISTS', K_OWNERS, K_FORFEITS) == 0
  if isUnused then
    redis.call('DEL', unpack(KEYS))
    return answer({ is = 'done' })
  end
  redis.call('HSET', K_ACCOUNT, 'keepMs', req.keepMs, 'setBy', 'configuration')
end
expire()
if req.op == 'sync' then
  local reply = sync(req.owner, req.line)
  expire()
  return reply
end
if req.op == 'bill' then
  local reply = bill(req.bill)
  expire()
  return reply
end
if req.op == 'leave' then
  if owners[req.owner] then forfeit(req.owner, owners[req.owner], nowMs) end
elseif req.op == 'trust' then lift()
elseif req.op == 'lift' then
  -- Every owner that could hold lost money has sent a line since, and the leases of all others have ended.
  local why = field(K_ACCOUNT, 'fence')
  local ready = why and why ~= req.lost
    and nowMs >= number(K_ACCOUNT, 'fenceSince') + req.leaseMs
  for _, owner in ipairs(req.owners) do ready = ready and owners[owner] and owners[owner].told == replid end
  for _, lease in pairs(owners) do ready = ready and (lease.told == replid or lease.ends <= number(K_ACCOUNT, 'fenceSince')) end
  if ready then lift() end
end
return answer({ is = 'done' })
