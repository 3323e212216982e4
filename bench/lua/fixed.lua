-- The same request each time: nothing is computed while the load runs.

dofile(os.getenv("BENCH_LUA") .. "/report.lua")

wrk.method = os.getenv("BENCH_METHOD")
local body = os.getenv("BENCH_BODY")
if body ~= "" then
  wrk.body = body
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end
local authorization = os.getenv("BENCH_AUTHORIZATION")
if authorization ~= "" then wrk.headers["Authorization"] = authorization end
