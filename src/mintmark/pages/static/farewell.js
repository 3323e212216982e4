// Goes on when every frame has loaded, or after a moment: nobody waits for an app that does not answer.
// Without script the link is there, and a refresh.
"use strict";

(function () {
  var link = document.getElementById("go-on");
  var frames = document.getElementsByTagName("iframe");
  var open = frames.length;
  var gone = false;
  var index;

  function goOn() {
    if (!gone) {
      gone = true;
      window.location.replace(link.href);
    }
  }

  function loaded() {
    open -= 1;
    if (open <= 0) {
      goOn();
    }
  }

  if (!link) {
    return;
  }
  for (index = 0; index < frames.length; index += 1) {
    frames[index].addEventListener("load", loaded);
  }
  window.addEventListener("load", goOn); // every frame of it has loaded by then
  window.setTimeout(goOn, Number(link.getAttribute("data-patience")) * 1000);
})();
