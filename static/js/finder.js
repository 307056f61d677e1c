// Finds while one types, and has the keys choose among what was found. The server finds: here is no list of paths.

const WAIT = 60;

export function attach(form) {
  const input = form.querySelector("input");
  let chosen = -1;
  let asking = null;
  let timer = 0;

  const options = () => [...document.querySelectorAll("#found a")];
  const choose = (number) => {
    const all = options();
    chosen = all.length ? (number + all.length) % all.length : -1;
    all.forEach((one, at) => {
      one.ariaSelected = String(at === chosen);
    });
    input.setAttribute("aria-activedescendant", all[chosen]?.id ?? "");
    all[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const prepare = () => {
    const list = document.querySelector("#found ul");
    list?.setAttribute("role", "listbox");
    if (list) {
      list.id = "options";
    }
    input.ariaExpanded = String(Boolean(list));
    options().forEach((one, at) => {
      one.parentElement.role = "none";
      one.role = "option";
      one.id = `option-${at}`;
      one.tabIndex = -1;
    });
    choose(0);
  };
  const find = async () => {
    asking?.abort();
    asking = new AbortController();
    const address = new URL(location.href);
    address.searchParams.set("q", input.value);
    const answer = await fetch(address, { headers: { "X-Fragment": "1" }, signal: asking.signal });
    if (!answer.ok || answer.redirected) {
      form.submit(); // Whatever it is: the page itself says it.
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // What is read aloud stays where it is, and changes.
    const [said, ...others] = page.getElementById("found").children;
    const found = document.getElementById("found");
    found.firstElementChild.replaceChildren(...said.childNodes);
    found.replaceChildren(found.firstElementChild, ...others);
    history.replaceState(null, "", address);
    prepare();
  };

  input.role = "combobox";
  input.ariaAutoComplete = "list";
  input.setAttribute("aria-controls", "options");
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => find().catch(() => {}), WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) {
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      choose(chosen + step);
    } else if (event.key === "Enter" && !event.ctrlKey && options()[chosen]) {
      event.preventDefault();
      options()[chosen].click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      location.assign(form.dataset.back);
    }
  });
  prepare();
}
