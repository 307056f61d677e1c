// A name that is marked in a file, by a double click or the keys, has links to where it is defined and used.

const NAME = /^[\p{L}_$][\p{L}\p{N}_$]{1,99}$/u;
const WAIT = 150;

export function attach(form) {
  const code = form.closest(".panel").querySelector("pre.code");
  const box = document.createElement("p");
  let timer = 0;

  const lead = (label, name, more) => {
    const address = new URL(form.action);
    const given = [...new FormData(form), ["q", name], ...Object.entries(more)];
    address.search = new URLSearchParams(given);
    const link = document.createElement("a");
    link.className = "btn sm";
    link.href = address;
    link.textContent = label;
    return link;
  };
  const show = () => {
    const marked = getSelection();
    const name = marked.toString().trim();
    box.hidden = !code.contains(marked.anchorNode) || !NAME.test(name);
    if (!box.hidden) {
      const { definition, uses } = form.dataset;
      box.replaceChildren(lead(definition, name, { go: "1" }), lead(uses, name, {}));
      const place = marked.getRangeAt(0).getBoundingClientRect();
      box.style.insetBlockStart = `${place.bottom + scrollY}px`;
      box.style.left = `${Math.max(0, Math.min(place.left, innerWidth - box.offsetWidth)) + scrollX}px`;
    }
  };
  box.className = "popped row";
  box.hidden = true;
  box.addEventListener("pointerdown", (event) => event.preventDefault()); // What is marked stays so.
  box.addEventListener("mousedown", (event) => event.preventDefault());
  form.append(box);
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      box.hidden = true;
    }
  });
}
