-- Health of an Environment of Sluice for Argo CD: the table in docs/argocd.md, and why.
-- Lua 5.1 with its base functions only: Argo CD opens no other library that would help here.
-- `obj` is the live object. One in deletion never comes here: Argo CD calls it Progressing by itself.

-- What is under that key; nil where there is nothing, or no table to look into.
local function at(value, key)
  if type(value) ~= "table" then
    return nil
  end
  return value[key]
end

local conditions = at(at(obj, "status"), "conditions")
local generation = at(at(obj, "metadata"), "generation")

-- The condition of that type, unless it speaks of an older generation of the object.
local function condition(kind)
  if type(conditions) ~= "table" then
    return nil
  end
  for _, one in ipairs(conditions) do
    if at(one, "type") == kind then
      local seen = at(one, "observedGeneration")
      if generation == nil or seen ~= generation then
        return nil
      end
      return one
    end
  end
  return nil
end

-- Whether it has the condition, with that status.
local function is(kind, wanted)
  return at(condition(kind), "status") == wanted
end

-- What it says of itself: "Reason: what it means".
local function health(code, kind)
  local reason, message = at(condition(kind), "reason"), at(condition(kind), "message")
  local text = type(reason) == "string" and reason or ""
  if type(message) == "string" and message ~= "" then
    text = text == "" and message or text .. ": " .. message
  end
  return { status = code, message = text }
end

-- The same up to here for every kind.

local ready = condition("Ready")
if ready == nil then
  return { status = "Progressing", message = "The Sluice operator has not looked at this Environment yet" }
end
-- Only an edit of this object helps.
if at(ready, "reason") == "InvalidWindow" then
  return health("Degraded", "Ready")
end
-- It works, and a person is asked for: these page, too.
if is("Drifted", "True") then
  return health("Degraded", "Drifted")
end
if is("FollowUpOverdue", "True") then
  return health("Degraded", "FollowUpOverdue")
end
-- What it names is still to come: it goes on by itself.
if at(ready, "status") ~= "True" then
  return health("Progressing", "Ready")
end
-- Frozen is what somebody wants it to be. Suspended would hold up the very sync that ends it.
if is("Frozen", "True") then
  return health("Healthy", "Frozen")
end
return health("Healthy", "Ready")
