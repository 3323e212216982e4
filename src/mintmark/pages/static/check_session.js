// Answers pages of apps: "unchanged", "changed" or "error" (OIDC Session Management 3.2).
// Plain old JavaScript with a hash of its own: not every browser that asks has crypto.subtle, and the answer must
// come at once.
"use strict";

(function () {
  var cookie = document.getElementById("check-session").getAttribute("data-cookie");

  // SHA-256 (FIPS 180-4) of a string of ASCII characters, in hexadecimal.
  function sha256(text) {
    var constants = [];
    var state = [];
    var words = [];
    var number = 2;
    var hex = "";
    var length = text.length;
    var blocks = ((length + 8) >> 6) + 1;
    var a, b, c, d, e, f, g, h, s0, s1, t1, t2, schedule, index, start;

    function isPrime(candidate) {
      var divisor;
      for (divisor = 2; divisor * divisor <= candidate; divisor += 1) {
        if (candidate % divisor === 0) {
          return false;
        }
      }
      return true;
    }

    function fraction(root) {
      return ((root - Math.floor(root)) * 4294967296) | 0;
    }

    function rotate(word, by) {
      return (word >>> by) | (word << (32 - by));
    }

    while (constants.length < 64) { // of the first 64 primes (4.2.2, 5.3.3)
      if (isPrime(number)) {
        if (state.length < 8) {
          state.push(fraction(Math.pow(number, 1 / 2)));
        }
        constants.push(fraction(Math.pow(number, 1 / 3)));
      }
      number += 1;
    }
    for (index = 0; index < blocks * 16; index += 1) {
      words[index] = 0;
    }
    for (index = 0; index < length; index += 1) {
      words[index >> 2] |= (text.charCodeAt(index) & 255) << (24 - (index % 4) * 8);
    }
    words[length >> 2] |= 128 << (24 - (length % 4) * 8);
    words[blocks * 16 - 1] = length * 8;

    for (start = 0; start < words.length; start += 16) {
      schedule = words.slice(start, start + 16);
      for (index = 16; index < 64; index += 1) {
        s0 = schedule[index - 15];
        s1 = schedule[index - 2];
        s0 = rotate(s0, 7) ^ rotate(s0, 18) ^ (s0 >>> 3);
        s1 = rotate(s1, 17) ^ rotate(s1, 19) ^ (s1 >>> 10);
        schedule[index] = (schedule[index - 16] + s0 + schedule[index - 7] + s1) | 0;
      }
      a = state[0]; b = state[1]; c = state[2]; d = state[3];
      e = state[4]; f = state[5]; g = state[6]; h = state[7];
      for (index = 0; index < 64; index += 1) {
        s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[index] + schedule[index]) | 0;
        s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + t1) | 0;
        d = c; c = b; b = a; a = (t1 + t2) | 0;
      }
      state[0] = (state[0] + a) | 0; state[1] = (state[1] + b) | 0;
      state[2] = (state[2] + c) | 0; state[3] = (state[3] + d) | 0;
      state[4] = (state[4] + e) | 0; state[5] = (state[5] + f) | 0;
      state[6] = (state[6] + g) | 0; state[7] = (state[7] + h) | 0;
    }
    for (index = 0; index < 8; index += 1) {
      hex += ("00000000" + (state[index] >>> 0).toString(16)).slice(-8);
    }
    return hex;
  }

  function browserState() {
    var pairs = document.cookie.split("; ");
    var index;
    for (index = 0; index < pairs.length; index += 1) {
      if (pairs[index].indexOf(cookie + "=") === 0) {
        return pairs[index].substring(cookie.length + 1);
      }
    }
    return "";
  }

  function answer(message, origin) {
    var parts = typeof message === "string" ? /^([ -~]{1,255}) ([0-9a-f]{64})\.([0-9a-f]{1,64})$/.exec(message) : null;
    var state = browserState();
    if (!parts) {
      return "error";
    }
    if (sha256(parts[1] + " " + origin + " " + state + " " + parts[3]) === parts[2]) {
      return "unchanged";
    }
    // Where the browser keeps our cookie from this frame, nothing is known: an app must not take that for a sign-out.
    return state ? "changed" : "error";
  }

  window.addEventListener("message", function (event) {
    if (event.source && /^https?:\/\//.test(event.origin)) {
      event.source.postMessage(answer(event.data, event.origin), event.origin);
    }
  });
})();
