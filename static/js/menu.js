// Closes an open menu on Escape, on a press elsewhere, and when the focus leaves it.

export function attach(element) {
  const summary = element.querySelector("summary");
  document.addEventListener("pointerdown", (event) => {
    if (!element.contains(event.target)) {
      element.open = false;
    }
  });
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !element.contains(event.relatedTarget)) {
      element.open = false;
    }
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && element.open) {
      element.open = false;
      summary.focus();
    }
  });
}
