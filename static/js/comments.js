// Comments at the lines of a diff: the pointer, a click with Shift or the keys choose lines, and the form opens
// below them. drafts.js keeps what is typed there.

// Which line of which side a cell of text shows, where it may be commented on.
function placeOf(cell) {
  const section = cell.closest("section.file");
  const row = cell.parentElement;
  const numbers = [...row.children].filter((one) => one.matches(".no"));
  let side = "message";
  let number = numbers[0];
  if (numbers.length === 2) {
    const isOld = row.children.length === 4 ? cell.cellIndex < 2 : !numbers[1].textContent.trim();
    side = isOld ? "old" : "new";
    number = numbers[isOld ? 0 : 1];
  }
  const line = Number(number?.textContent);
  return line && section?.dataset[side] ? { section, side, line, row } : null;
}

function cellAt(target) {
  const cell = target.closest?.("td.ln, td.no");
  return cell?.matches(".no") && cell.parentElement.children.length === 4
    ? cell.nextElementSibling
    : (cell?.matches(".ln") ? cell : cell?.parentElement.querySelector("td.ln"));
}

function rowsBetween(first, last) {
  const rows = [...first.row.closest("table").querySelectorAll("tr:not(.talk-row, .gap)")];
  return rows.slice(rows.indexOf(first.row), rows.indexOf(last.row) + 1);
}

function inOrder(one, other) {
  const fits = other && one.section === other.section && one.side === other.side;
  return !fits ? [one, one] : one.line <= other.line ? [one, other] : [other, one];
}

export function attach(element) {
  const button = document.createElement("button");
  const pattern = document.getElementById("new-comment");
  button.type = "button";
  button.tabIndex = -1; // The keys have their own way below.
  button.className = "add-talk";
  button.textContent = "+";
  button.ariaLabel = element.dataset.label;
  let start = null;
  let from = null;

  const mark = (rows) => {
    element.querySelectorAll(".picked").forEach((one) => one.classList.remove("picked"));
    rows.forEach((one) => one.classList.add("picked"));
  };
  const close = () => {
    const form = element.querySelector("#comment");
    mark([]);
    (form?.closest("tr.talk-row.new") ?? form)?.remove();
  };
  const open = (section, side, ends, place) => {
    close();
    const form = pattern.content.cloneNode(true).firstElementChild;
    form.elements.place.value = section.dataset[side];
    form.elements.from.value = ends[0]?.line ?? "";
    form.elements.to.value = ends[1]?.line ?? "";
    place(form);
    form.elements.text.focus();
  };
  const openAt = (one, other) => {
    const [first, last] = inOrder(one, other);
    open(first.section, first.side, [first, last], (form) => {
      const row = last.row.parentElement.insertBefore(document.createElement("tr"), last.row.nextSibling);
      row.className = "talk-row new";
      const cell = row.insertCell();
      cell.colSpan = last.row.children.length;
      const box = cell.appendChild(document.createElement("div"));
      box.className = "talk-in";
      box.append(form);
      mark(rowsBetween(first, last));
    });
  };

  element.addEventListener("pointerover", (event) => {
    const cell = cellAt(event.target);
    const place = cell && placeOf(cell);
    if (place && start) {
      mark(rowsBetween(...inOrder(start, place)));
    } else if (place) {
      cell.append(button);
    }
  });
  element.addEventListener("pointerdown", (event) => {
    if (event.target === button && event.button === 0) {
      event.preventDefault();
      start = placeOf(button.parentElement);
    }
  });
  document.addEventListener("pointerup", (event) => {
    const cell = start && cellAt(event.target);
    if (start) {
      openAt(start, cell && placeOf(cell));
    }
    start = null;
  });
  element.addEventListener("click", (event) => {
    const number = event.target.closest("td.no a");
    const link = event.target.closest("a[data-comment]");
    if (event.target.closest("[data-cancel]")) {
      event.preventDefault();
      close();
    } else if (link) {
      event.preventDefault();
      const section = link.closest("section.file");
      const side = ["message", "new", "old"].find((one) => section.dataset[one]);
      section.querySelector("details").open = true;
      open(section, side, [], (form) => section.querySelector("summary").after(form));
    } else if (number) {
      const place = placeOf(cellAt(number));
      if (event.shiftKey && from && place) {
        event.preventDefault();
        openAt(from, place);
      }
      from = place;
    }
  });
  element.addEventListener("keydown", (event) => {
    const link = event.target.closest("td.no a");
    const pane = link?.closest(".pane") ?? (event.target.matches(".pane") && event.target);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!pane || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const links = [...pane.querySelectorAll("td.no a")];
    const place = link && placeOf(cellAt(link));
    if (step) {
      event.preventDefault();
      const next = links[links.indexOf(link) + step];
      from = event.shiftKey ? (from ?? place) : null;
      next?.focus();
      const there = next && placeOf(cellAt(next));
      mark(from && there ? rowsBetween(...inOrder(from, there)) : []);
    } else if (event.key === "c" && place) {
      event.preventDefault();
      openAt(from ?? place, place);
      from = null;
    }
  });
  for (const pane of element.querySelectorAll(".pane")) {
    pane.tabIndex = 0;
    pane.role = "group";
    pane.ariaLabel = pane.querySelector("caption").textContent;
  }
}
