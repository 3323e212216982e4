// One enhancement of the page for a new password: how good it is by its length. The server judges it all the same.
"use strict";

(() => {
  const chosen = document.getElementById("password");
  const strength = document.getElementById("strength");
  if (!chosen || !strength) return;

  const judged = (least) => {
    const long = Array.from(chosen.value.normalize("NFKC")).length;
    if (long === 0) return "";
    if (long < least) return `${strength.dataset.short} (${long}/${least})`;
    if (new Set(chosen.value).size < 6) return strength.dataset.same;
    return long < least + 6 ? strength.dataset.good : strength.dataset.best;
  };

  chosen.addEventListener("input", () => {
    strength.textContent = judged(Number(chosen.dataset.least));
  });
})();
