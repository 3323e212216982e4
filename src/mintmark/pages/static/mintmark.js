// One enhancement: a button that shows the password. Without script it stays hidden and nothing is missing.
"use strict";

const button = document.getElementById("show-password");
const field = document.getElementById("password");

const show = (shown) => {
  field.type = shown ? "text" : "password";
  button.firstChild.data = shown ? "Hide" : "Show";
};

if (button && field) {
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  // A browser remembers what text fields held: the password must not be among it.
  field.form.addEventListener("submit", () => show(false));
}
