"use strict";
// Puts a button beside each command that copies it. Without it they can be marked.
for (const command of document.querySelectorAll(".command")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const copied = navigator.clipboard.writeText(command.querySelector("code").textContent);
    button.textContent = await copied.then(() => "Copied", () => "The browser does not allow it");
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  command.querySelector("h3").append(button);
}
