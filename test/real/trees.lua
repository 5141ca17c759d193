-- Builds and drops trees and strings: many small tables, closures and strings of all lengths.
-- With an argument, it does that for so many rounds instead of 40.

local function build(depth)
  if depth == 0 then
    return {}
  end
  return { left = build(depth - 1), right = build(depth - 1), depth = depth }
end

local function count(tree)
  if not tree.left then
    return 1
  end
  return 1 + count(tree.left) + count(tree.right)
end

local nodes = 0
for round = 1, tonumber(arg[1]) or 40 do
  nodes = nodes + count(build(4 + round % 11))
end
print("nodes", nodes)

local words = {}
for i = 1, 30000 do
  words[i] = string.format("%s-%d", string.rep(string.char(97 + i % 26), i % 60), i)
end
table.sort(words)
print("words", #words, words[1], words[#words])

local text = table.concat(words, " ")
local counts = {}
for word in text:gmatch("%a+") do
  counts[word] = (counts[word] or 0) + 1
end
local distinct = 0
for _ in pairs(counts) do
  distinct = distinct + 1
end
print("text", #text, "distinct", distinct)

local line = ""
for i = 1, 2000 do
  line = line .. i % 10
end
print("line", #line)

local adders = {}
for i = 1, 10000 do
  adders[i] = function(x) return x + i end
end
local sum = 0
for i = 1, #adders do
  sum = adders[i](sum)
end
print("sum", sum)

local threads = {}
for i = 1, 1000 do
  threads[i] = coroutine.wrap(function()
    for j = 1, 3 do
      coroutine.yield(("%d.%d"):format(i, j))
    end
  end)
end
local last
for _ = 1, 3 do
  for i = 1, #threads do
    last = threads[i]()
  end
end
print("last", last)
