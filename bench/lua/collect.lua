-- The same request until enough access tokens have come back: one a line, and the file gets its name when it is whole.

dofile(os.getenv("BENCH_LUA") .. "/fixed.lua")

local wanted, path = tonumber(os.getenv("BENCH_COUNT")), os.getenv("BENCH_TOKENS")
local out = io.open(path .. ".part", "w")
local collected = 0

function response(status, headers, body)
  local token = string.match(body, '"access_token"%s*:%s*"([^"]+)"')
  if not token or collected >= wanted then return end
  out:write(token, "\n")
  collected = collected + 1
  if collected == wanted then
    out:close()
    os.rename(path .. ".part", path)
    wrk.thread:stop()
  end
end
