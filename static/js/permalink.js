// The key y leads to the page's permalink; the lines that are marked go with it.

function isTyping(target) {
  return target.isContentEditable || /^(?:input|select|textarea)$/i.test(target.tagName);
}

export function attach(link) {
  const hint = link.querySelector("kbd");
  if (hint) {
    hint.hidden = false;
  }
  link.setAttribute("aria-keyshortcuts", "y");
  link.addEventListener("click", () => {
    link.hash = location.hash;
  });
  document.addEventListener("keydown", (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (event.key === "y" && isPlain && !isTyping(event.target)) {
      link.click();
    }
  });
}
