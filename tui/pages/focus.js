// The keys are the town's from the beginning: nobody has to click first.
addEventListener("load", () => document.querySelector(".xterm-helper-textarea").focus());
