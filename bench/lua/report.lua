-- What every script ends with: one line of JSON on stdout, found by its first word.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency, requests)
  local bad = 0
  for _, thread in ipairs(threads) do bad = bad + (thread:get("bad") or 0) end
  local errors = summary.errors
  io.write(string.format(
    'REPORT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"status":%d,"socket":%d,"bad":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, bad))
end

function lines(path)
  local found = {}
  for line in io.lines(path) do table.insert(found, line) end
  return found
end
