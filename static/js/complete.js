// Offers, below a search box, what the server knows that begins like this: links, chosen by keys or pressed.
// Who presses Enter without choosing searches, whatever is still under way.

const WAIT = 120;

export function attach(form) {
  const input = form.querySelector('input[type="search"]');
  const list = form.querySelector("[data-offers]");
  let timer = 0;
  let asking = null;

  const options = () => [...list.querySelectorAll("a")];
  const chosen = () => options().findIndex((one) => one.ariaSelected === "true");
  const choose = (number) => {
    const all = options();
    for (const [at, one] of all.entries()) {
      one.ariaSelected = String(at === number);
    }
    const id = all[number]?.id;
    if (id) {
      input.setAttribute("aria-activedescendant", id);
      all[number].scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };
  const show = (offers) => {
    list.replaceChildren(...offers);
    list.hidden = options().length === 0;
    input.ariaExpanded = String(!list.hidden);
    for (const [at, one] of options().entries()) {
      one.id = `${list.id}-${at}`;
      one.role = "option";
      one.tabIndex = -1;
    }
    choose(-1);
  };
  const close = () => {
    clearTimeout(timer);
    asking?.abort();
    show([]);
  };
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    const address = `${form.dataset.offers}?${new URLSearchParams(new FormData(form))}`;
    const answer = await fetch(address, { signal });
    const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
    if (!signal.aborted) {
      show(page.body.children);
    }
  };

  input.role = "combobox";
  input.ariaAutoComplete = "list";
  input.ariaExpanded = "false";
  input.setAttribute("aria-controls", list.id);
  list.role = "listbox";
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), WAIT);
  });
  form.addEventListener("submit", close);
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) {
      close();
    }
  });
  // The box keeps the focus while an offer is pressed.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.isComposing || !count) {
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      // Between the last and the first stands the box itself.
      choose(((chosen() + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && chosen() >= 0) {
      event.preventDefault();
      options()[chosen()].click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
}
