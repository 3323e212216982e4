// One enhancement: a button that shows the password. Without script it stays hidden and nothing is missing.
"use strict";

const button = document.getElementById("show-password");
const field = document.getElementById("password");

const show = (shown) => {
  field.type = shown ? "text" : "password";
  button.textContent = shown ? button.dataset.hide : button.dataset.show;
  button.setAttribute("aria-label", shown ? button.dataset.labelHide : button.dataset.labelShow);
};

if (button && field) {
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  // A browser remembers what text fields held: the password must not be among it.
  field.form.addEventListener("submit", () => show(false));
}
