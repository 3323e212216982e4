-- One token after another out of a file, around and around; an answer without the expected text is counted as bad.

dofile(os.getenv("BENCH_LUA") .. "/report.lua")

local path, prefix, expected = os.getenv("BENCH_PATH"), os.getenv("BENCH_BODY"), os.getenv("BENCH_EXPECTED")
local headers = {
  ["Content-Type"] = "application/x-www-form-urlencoded",
  ["Authorization"] = os.getenv("BENCH_AUTHORIZATION"),
}
local tokens = lines(os.getenv("BENCH_TOKENS"))
local at = 0
bad = 0

function request()
  at = at % #tokens + 1
  return wrk.format("POST", path, headers, prefix .. tokens[at])
end

function response(status, headers, body)
  if status ~= 200 or not string.find(body, expected) then bad = bad + 1 end
end
