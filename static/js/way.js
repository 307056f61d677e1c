// Remembers, in this browser, whether somebody clones over HTTP or SSH.

const KEY = "hub.clone-way";

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage is turned off in this browser.
  }
}

function remember(way) {
  try {
    localStorage.setItem(KEY, way);
  } catch {
    // Storage is turned off or full: the choice then holds for this page.
  }
}

export function attach(element) {
  const way = remembered();
  for (const radio of element.querySelectorAll('input[type="radio"]')) {
    radio.checked = way ? radio.value === way : radio.checked;
    radio.addEventListener("change", () => remember(radio.value));
  }
}
