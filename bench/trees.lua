-- trees.lua [ROUNDS]: trees and strings, built and dropped; 120 rounds take two or three seconds.
local function tree(depth)
  if depth == 0 then
    return { name = "leaf" }
  end
  return { tree(depth - 1), tree(depth - 1), depth }
end

local total = 0
for round = 1, tonumber(arg[1] or 12) do
  total = total + #tree(15)
  local words = {}
  for i = 1, 20000 do
    words[i] = ("%x"):format(i * round) .. ":" .. ("y"):rep(i % 40)
  end
  total = total + #table.concat(words)
end
print(total)
