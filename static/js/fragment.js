// Puts a part of another page in its place here: a link with data-part names the element that both pages have.
// With data-from it is read from a smaller page than the link leads to.

async function read(address, id) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) {
    throw new Error(`The hub answered ${answer.status}.`);
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.getElementById(id);
}

export function attach(element) {
  element.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-part]");
    const wantsPlain = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || wantsPlain || link.ariaBusy === "true") {
      return;
    }
    event.preventDefault();
    link.ariaBusy = "true";
    try {
      const part = await read(link.dataset.from ?? link.href, link.dataset.part);
      document.getElementById(link.dataset.part).replaceWith(part);
      part.querySelector("textarea, summary, a")?.focus();
    } catch {
      location.assign(link.href); // Whatever went wrong: the page itself says it.
    }
  });
}
