// A key presses the link, or leads to the field, that names it in data-key. The hint beside it, or in a link to the same, comes to be seen.

function isTyping(target) {
  return target.isContentEditable || /^(?:input|select|textarea)$/i.test(target.tagName);
}

export function attach(link) {
  const { key } = link.dataset;
  for (const hint of document.querySelectorAll(`kbd[data-of="${key}"]`)) {
    hint.hidden = false;
    hint.parentElement.setAttribute("aria-keyshortcuts", key);
  }
  document.addEventListener("keydown", (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (event.key === key && isPlain && !isTyping(event.target)) {
      event.preventDefault();
      if (link.matches("input")) {
        link.select();
        link.focus();
      } else {
        link.click();
      }
    }
  });
}
