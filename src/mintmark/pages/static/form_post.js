// The answer goes on to the app by itself. Without script the button does the same.
"use strict";

document.getElementById("form-post").submit();
