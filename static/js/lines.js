// Marks the lines that the address names as #L10-L20, and puts a range there: click a number, Shift-click another.

function rangeOf(hash) {
  const found = /^#L(\d+)(?:-L?(\d+))?$/.exec(hash);
  if (!found) {
    return null;
  }
  const ends = [Number(found[1]), Number(found[2] ?? found[1])];
  return { first: Math.min(...ends), last: Math.max(...ends) };
}

function numberOf(link) {
  return Number(link.id.slice(1));
}

function unmark(code) {
  for (const marked of code.querySelectorAll(".sel")) {
    marked.replaceWith(...marked.childNodes);
  }
}

// A line is a link with its number, and all that follows up to the next such link.
function mark(code, { first, last }) {
  unmark(code);
  const start = code.querySelector(`[id="L${first}"]`);
  if (!start) {
    return false;
  }
  const marked = document.createElement("span");
  marked.className = "sel";
  start.before(marked);
  let node = start;
  while (node && !(node.id && /^L\d+$/.test(node.id) && numberOf(node) > last) && !node.matches?.(".more")) {
    const next = node.nextSibling;
    marked.append(node);
    node = next;
  }
  return true;
}

// The page shows a part of the file: lines of another part are on another page.
function goThere(code, { first, last }) {
  if (first <= Number(code.dataset.total)) {
    const address = new URL(location.href);
    address.searchParams.set("lines", `${first}-${last}`);
    address.hash = "";
    location.replace(address);
  }
}

export function attach(code) {
  let from = null;
  const follow = () => {
    const range = rangeOf(location.hash);
    if (!range) {
      if (!location.hash) {
        code.querySelector(".sel")?.scrollIntoView({ block: "center" }); // A range of the query.
      }
      return;
    }
    from ??= range.first;
    if (!mark(code, range)) {
      goThere(code, range);
    } else if (range.first !== range.last) {
      // The browser scrolls to an element of this very name only.
      code.querySelector(".sel").scrollIntoView({ block: "center" });
    }
  };
  code.addEventListener("click", (event) => {
    const link = event.target.closest("a[id]");
    if (!link) {
      return;
    }
    const to = numberOf(link);
    if (event.shiftKey && from !== null) {
      event.preventDefault();
      const range = { first: Math.min(from, to), last: Math.max(from, to) };
      history.replaceState(null, "", `#L${range.first}-L${range.last}`);
      mark(code, range);
      getSelection()?.removeAllRanges();
    } else {
      from = to;
    }
  });
  window.addEventListener("hashchange", follow);
  follow();
}
