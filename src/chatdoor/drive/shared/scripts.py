"""What is one step for all gateways: small Lua scripts, which the server runs one after the other.

A script reads, compares and writes. What a value means is not known here: texts go in and out as they are, and are
checked by who reads them; one that is too large to be ours is not handed out at all (`read`, see Link). Times come from
the server, so that the clocks of the gateways need not agree.

Keys, after the prefix: `c:` a conversation, `i:` what finds it, `u:` which was used when, `n:` the epoch, `s:` a
session, `r:` what runs at a site, `p:` when its next message is due, `h:` a wait that it asked for, `q:` how often an
API key has asked, `t:` a try and its answer, `k:` a stored response, `alive:` a gateway.
"""

from typing import Final

from chatdoor.drive.shared.link import Script

FIND: Final = Script("""
-- KEYS: what may find a conversation. ARGV: prefix, how many of the keys may claim, the key that forbids it (0: none),
-- an id ('': none; else no other one is claimed), whether that may claim, claimant, until when, how many each key finds
-- at most; or in place of the id something kept, and the site: then the id is the one that it was kept with, which is
-- claimed where that stands as it stood then.
-- Gives: the ids that each key finds, newest first; id, revision, claimant, until, text of each; the id now claimed.
local prefix, claimant, till, most = ARGV[1], ARGV[6], ARGV[7], tonumber(ARGV[8])
local seen, records, lists, taken, name, stood = {}, {}, {}, '', ARGV[4], nil
if ARGV[9] then
  local site, kept = ARGV[10] .. ' ', redis.pcall('HMGET', ARGV[9], 'c', 'n')
  if kept[1] and #kept[1] < 200 and string.sub(kept[1], 1, #site) == site then
    name, stood = string.sub(kept[1], #site + 1), kept[2]
  end
end
local function look(id)
  if seen[id] == nil then
    local key = prefix .. 'c:' .. id
    local ours, one = pcall(read, key, 'r', 'c', 'l', 'k')
    if not ours or (one[1] and not (tonumber(one[1]) and one[4])) then
      redis.call('DEL', key)
      one = {}
    end
    seen[id] = one[1] and one or false
    if one[1] then table.insert(records, {id, one[1], one[2] or '', one[3] or '0', one[4]}) end
  end
  return seen[id]
end
local function claim(id)
  local one = seen[id]
  if taken ~= '' or not one or (one[2] or '') ~= '' then return end
  redis.call('HSET', prefix .. 'c:' .. id, 'r', string.format('%d', one[1] + 1), 'c', claimant, 'l', till)
  taken = id
end
for at, key in ipairs(KEYS) do
  lists[at] = {}
  for _, id in ipairs(redis.call('ZREVRANGE', key, 0, most - 1)) do
    if #id < 100 and look(id) then table.insert(lists[at], id) else redis.call('ZREM', key, id) end
  end
end
if name ~= '' then look(name) end
local guard = tonumber(ARGV[3])
if guard == 0 or #lists[guard] == 0 then
  if ARGV[5] == '1' and (not ARGV[9] or (seen[name] and seen[name][1] == stood)) then claim(name) end
  for at = 1, tonumber(ARGV[2]) do
    for _, id in ipairs(lists[at]) do
      if name == '' or name == id then claim(id) end
    end
  end
end
return {lists, records, taken}""")

PUT: Final = Script("""
-- KEYS: the conversation, which was used when, what finds it from now on. ARGV: prefix, id, the revision
-- that is there (-1: none), the next one ('': take it out), claimant, until, when it is used, text ('': as it is),
-- milliseconds to keep it, how many are kept, how many find one key; then what finds it no more.
local id, time_to_live = ARGV[2], ARGV[9]
if (redis.call('HGET', KEYS[1], 'r') or '-1') ~= ARGV[3] then return 0 end
for at = 12, #ARGV do redis.pcall('ZREM', ARGV[at], id) end
if ARGV[4] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], id)
  return 1
end
redis.call('HSET', KEYS[1], 'r', ARGV[4], 'c', ARGV[5], 'l', ARGV[6])
if ARGV[8] ~= '' then redis.call('HSET', KEYS[1], 'k', ARGV[8]) end
redis.call('PEXPIRE', KEYS[1], time_to_live)
redis.call('ZADD', KEYS[2], ARGV[7], id)
local time = redis.call('TIME')
for at = 3, #KEYS do
  redis.call('ZADD', KEYS[at], time[1] * 1000000 + time[2], id)
  redis.call('ZREMRANGEBYRANK', KEYS[at], 0, -1 - tonumber(ARGV[11]))
  redis.call('PEXPIRE', KEYS[at], time_to_live)
end
local excess = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[10])
if excess > 0 then
  for _, oldest in ipairs(redis.call('ZRANGE', KEYS[2], 0, math.min(excess, 4) - 1)) do
    local name = ARGV[1] .. 'c:' .. oldest
    local claimant = redis.pcall('HGET', name, 'c') or ''
    if claimant == '' or type(claimant) == 'table' then
      redis.call('DEL', name)
      redis.call('ZREM', KEYS[2], oldest)
    end
  end
end
return 1""")

SYNC: Final = Script("""
-- KEYS: a session, a wait. ARGV: the version that is known. Gives how long the wait lasts; the version that is there
-- ('': none); the session, where that is another version.
local left = math.max(redis.call('PTTL', KEYS[2]), 0)
local there = read(KEYS[1], 'v', 's')
if not there[1] or not there[2] then return {left, ''} end
if there[1] == ARGV[1] then return {left, there[1]} end
return {left, there[1], there[2]}""")

ENTER: Final = Script("""
-- KEYS: a session. ARGV: prefix, who asks, its ticket, the generation that will not do, the ticket that was waited for.
-- Gives: 'session', version, session; 'lead', the next generation; 'wait', who leads; 'failed', the leader's error.
local there = read(KEYS[1], 'g', 'v', 's', 'o', 't', 'f')
local generation = tonumber(there[1] or '') or 0
if generation > tonumber(ARGV[4]) and there[2] and there[3] then return {'session', there[2], there[3]} end
if there[6] and ARGV[5] ~= '' and string.sub(there[6], 1, #ARGV[5]) == ARGV[5] then
  return {'failed', string.sub(there[6], #ARGV[5] + 2)}
end
if there[4] and there[5] and there[4] ~= ARGV[2] and redis.call('EXISTS', ARGV[1] .. 'alive:' .. there[4]) == 1 then
  return {'wait', there[5]}
end
redis.call('HSET', KEYS[1], 'o', ARGV[2], 't', ARGV[3])
redis.call('SET', ARGV[1] .. 'alive:' .. ARGV[2], '1', 'PX', 2000)
return {'lead', math.max(generation, tonumber(ARGV[4])) + 1}""")

PUBLISH: Final = Script("""
-- KEYS: a session. ARGV: the leader's ticket, generation, version, session, milliseconds to keep it.
-- Gives nothing where it is the session now, or the newer one where another gateway leads meanwhile.
local there = read(KEYS[1], 't', 'g', 'v', 's')
if there[1] and there[1] ~= ARGV[1] and (tonumber(there[2] or '') or 0) >= tonumber(ARGV[2]) and there[4] then
  return {there[3], there[4]}
end
redis.call('HSET', KEYS[1], 'g', ARGV[2], 'v', ARGV[3], 's', ARGV[4])
if there[1] == ARGV[1] then redis.call('HDEL', KEYS[1], 'o', 't', 'f') end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {}""")

LEAVE_LEAD: Final = Script("""
-- KEYS: a session. ARGV: the leader's ticket, its error ('': it hands over).
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'o', 't')
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'f', ARGV[1] .. ' ' .. ARGV[2]) end
return 1""")

SAVE: Final = Script("""
-- KEYS: a session. ARGV: generation, the version that is there, the next one, session, milliseconds to keep it.
-- Gives: 'saved'; 'other', where it is of another generation; 'changed', version, session.
local there = read(KEYS[1], 'g', 'v', 's')
if there[1] and there[2] and there[3] then
  if there[1] ~= ARGV[1] then return {'other'} end
  if there[2] ~= ARGV[2] then return {'changed', there[2], there[3]} end
end
redis.call('HSET', KEYS[1], 'g', ARGV[1], 'v', ARGV[3], 's', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'saved'}""")

TAKE_PLACE: Final = Script("""
-- KEYS: what runs, when the next is due. ARGV: prefix, who asks, how many at a time (0: any), milliseconds between two,
-- milliseconds of burst, milliseconds that one would wait. Gives: whether there is room, delay, whether it is booked.
local most, interval, burst, patience = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if most > 0 then
  local all, running = redis.call('HGETALL', KEYS[1]), 0
  for at = 1, #all, 2 do
    local count = tonumber(all[at + 1]) or 0
    local ours = count > 0 and count <= 100000
    if not ours or (all[at] ~= ARGV[2] and redis.call('EXISTS', ARGV[1] .. 'alive:' .. all[at]) == 0) then
      redis.call('HDEL', KEYS[1], all[at])
    else
      running = running + count
    end
  end
  if running >= most then return {0, 0, 0} end
  redis.call('HINCRBY', KEYS[1], ARGV[2], 1)
  redis.call('PEXPIRE', KEYS[1], 86400000)
  redis.call('SET', ARGV[1] .. 'alive:' .. ARGV[2], '1', 'PX', 2000)
end
if interval == 0 then return {1, 0, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local due = tonumber(redis.call('GET', KEYS[2]) or '') or 0
if not (due <= now + burst + 86400000) then due = now end  -- no number (NaN) is below another
local delay = math.max(0, due - burst - now)
if delay >= patience then return {1, math.ceil(delay), 0} end
due = math.max(due, now) + interval
redis.call('SET', KEYS[2], string.format('%.3f', due), 'PX', math.ceil(due - now + 1000))
return {1, math.ceil(delay), 1}""")

LEAVE_PLACE: Final = Script("""
-- KEYS: what runs, when the next is due. ARGV: who leaves, whether places are counted, milliseconds to give back.
if ARGV[2] == '1' and redis.call('HINCRBY', KEYS[1], ARGV[1], -1) <= 0 then redis.call('HDEL', KEYS[1], ARGV[1]) end
local due = tonumber(redis.call('GET', KEYS[2]) or '')
if due == due and due and tonumber(ARGV[3]) > 0 then
  redis.call('SET', KEYS[2], string.format('%.3f', due - tonumber(ARGV[3])), 'KEEPTTL')
end
return 1""")

RUNS: Final = Script("""
-- KEYS: what runs. ARGV: who tells, how many it has.
if tonumber(ARGV[2]) > 0 then return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return redis.call('HDEL', KEYS[1], ARGV[1])""")

HOLD_OFF: Final = Script("""
-- KEYS: a wait. ARGV: milliseconds that it lasts at least from now (0: only asks). Gives how long it lasts.
local left = redis.call('PTTL', KEYS[1])
local wanted = tonumber(ARGV[1])
if wanted > left and wanted > 0 then
  redis.call('SET', KEYS[1], '1', 'PX', wanted)
  left = wanted
end
return math.max(left, 0)""")

COUNT: Final = Script("""
-- KEYS: how often a key has asked. ARGV: seconds and limit of each window. Gives the time, which window is full (0:
-- none, and this one is counted), and the count of each.
local now = tonumber(redis.call('TIME')[1])
local told, full = {now, 0}, 0
for at = 1, #ARGV, 2 do
  local window = math.floor(now / tonumber(ARGV[at]))
  local there = redis.call('HMGET', KEYS[1], 'w' .. ARGV[at], 'n' .. ARGV[at])
  local count = tonumber(there[1] or '') == window and tonumber(there[2] or '') or 0
  if full == 0 and count >= tonumber(ARGV[at + 1]) then full = (at + 1) / 2 end
  table.insert(told, count)
end
told[2] = full
if full > 0 then return told end
for at = 1, #ARGV, 2 do
  local place = (at + 1) / 2 + 2
  told[place] = told[place] + 1
  redis.call('HSET', KEYS[1], 'w' .. ARGV[at], math.floor(now / tonumber(ARGV[at])), 'n' .. ARGV[at], told[place])
end
redis.call('EXPIRE', KEYS[1], 90000)
return told""")

TRY: Final = Script("""
-- KEYS: a try. ARGV: prefix, who asks, its ticket, digest of the request, whether it may be a retry, milliseconds.
-- Gives: 'first'; 'runs', digest; 'answered', digest, answer; 'lost', digest, where who tried is no more.
local there = read(KEYS[1], 'o', 'd', 'a')
if ARGV[5] == '1' and there[1] and there[2] then
  if there[3] then return {'answered', there[2], there[3]} end
  if redis.call('EXISTS', ARGV[1] .. 'alive:' .. there[1]) == 1 then return {'runs', there[2]} end
  return {'lost', there[2]}
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'o', ARGV[2], 't', ARGV[3], 'd', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('SET', ARGV[1] .. 'alive:' .. ARGV[2], '1', 'PX', 2000)
return {'first'}""")

END_TRY: Final = Script("""
-- KEYS: a try. ARGV: its ticket, its answer ('': forget it), milliseconds to keep it.
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'a', ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ARGV[3])""")

GET_KEPT: Final = Script("return read(KEYS[1], 'v')[1]")

PUT_KEPT: Final = Script("""
-- KEYS: something kept. ARGV: the revision that is there (-1: none), the next one ('': take it out), text,
-- milliseconds to keep it, prefix, site and id of the conversation that it is of ('': none). How that stands is kept.
if (redis.call('HGET', KEYS[1], 'r') or '-1') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  local stands = ARGV[7] ~= '' and redis.pcall('HGET', ARGV[5] .. 'c:' .. ARGV[7], 'r')
  stands = type(stands) == 'string' and stands or ''
  redis.call('HSET', KEYS[1], 'r', ARGV[2], 'v', ARGV[3], 'c', ARGV[6] .. ' ' .. ARGV[7], 'n', stands)
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1""")
