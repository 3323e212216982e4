-- As many chains as connections: a token is taken for a request and its heir put back from the answer, so no token is
-- ever under way twice. A chain whose answer has no heir ends there and is counted as bad.

dofile(os.getenv("BENCH_LUA") .. "/report.lua")

local path, prefix = os.getenv("BENCH_PATH"), os.getenv("BENCH_BODY")
local headers = {
  ["Content-Type"] = "application/x-www-form-urlencoded",
  ["Authorization"] = os.getenv("BENCH_AUTHORIZATION"),
}
local waiting = lines(os.getenv("BENCH_TOKENS"))
local first, last = 1, #waiting
local asked_before = false
bad = 0

function request()
  if not asked_before then -- wrk asks once before it starts, only to look at the request
    asked_before = true
    return wrk.format("POST", path, headers, prefix .. waiting[first])
  end
  local token = waiting[first] or "none-left"
  if waiting[first] then
    waiting[first] = nil
    first = first + 1
  end
  return wrk.format("POST", path, headers, prefix .. token)
end

function response(status, headers, body)
  local heir = status == 200 and string.match(body, '"refresh_token"%s*:%s*"([^"]+)"')
  if heir then
    last = last + 1
    waiting[last] = heir
  else
    bad = bad + 1
  end
end
