// Goes on with a long text where a link leads to its next part, as one comes near the link or presses it.
// The server answers a request with this header by that part alone. Without a script, or when something
// fails, the link leads to the page with it.

const NEAR = "1200px";

async function load(link, place) {
  const answer = await fetch(link.href, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) {
    throw new Error(answer.statusText);
  }
  const range = document.createRange();
  range.selectNode(place); // Rows of a table are read as such only where rows may stand.
  return range.createContextualFragment(await answer.text());
}

async function replace(link) {
  if (link.ariaBusy === "true") {
    return;
  }
  link.ariaBusy = "true";
  const place = link.closest("tr") ?? link;
  const parent = place.parentElement;
  const hadFocus = link === document.activeElement;
  const part = await load(link, place);
  const first = part.querySelector("a");
  place.replaceWith(part);
  attachAll(parent);
  if (hadFocus) {
    first?.focus();
  }
}

export function attach(link) {
  if (link.dataset.attached) {
    return;
  }
  link.dataset.attached = "true";
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    replace(link).catch(() => location.assign(link.href));
  });
  if ("IntersectionObserver" in window) {
    const seen = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          seen.disconnect();
          replace(link).catch(() => {
            link.ariaBusy = null;
          });
        }
      },
      { rootMargin: NEAR },
    );
    seen.observe(link);
  }
}
