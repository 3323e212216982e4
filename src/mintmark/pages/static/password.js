// Two enhancements of the page for a new password: a button that shows it, and how far it is from long enough.
"use strict";

const field = document.getElementById("password");
const button = document.getElementById("show-password");
const strength = document.getElementById("strength");

const show = (shown) => {
  field.type = shown ? "text" : "password";
  button.firstChild.data = shown ? "Hide" : "Show";
};

const judge = () => {
  const least = Number(field.dataset.least);
  const long = [...field.value.normalize("NFKC")].length;
  const different = new Set(field.value).size;
  if (long === 0) strength.textContent = "";
  else if (long < least) strength.textContent = `${long} of at least ${least} characters`;
  else if (different < 6) strength.textContent = "Long enough, but it repeats itself";
  else strength.textContent = long < least + 6 ? "Good: long enough" : "Very good: long";
};

if (field && button && strength) {
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  field.addEventListener("input", judge);
  // A browser remembers what text fields held: the password must not be among it.
  field.form.addEventListener("submit", () => show(false));
}
