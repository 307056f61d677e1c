// Has the hub keep what is typed in a form for a comment, as a draft that its author alone sees.

const PAUSE = 1000;

async function save(form) {
  const said = form.querySelector("[role=status]");
  const body = new URLSearchParams(new FormData(form));
  if (!body.get("text").trim()) {
    return;
  }
  const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "1" } }).catch(() => null);
  const place = answer?.headers.get("Location");
  if (place) {
    form.dataset.draft = "kept";
    form.action = place; // From now on it is this draft that changes, and it stays where it is.
    form.querySelectorAll("[name=from], [name=to]").forEach((one) => (one.readOnly = true));
  }
  said.textContent = answer?.ok ? said.dataset.saved : said.dataset.failed;
}

// One after the other: a second request must not make a second draft.
function saveNext(form) {
  form.saving = (form.saving ?? Promise.resolve()).then(() => save(form));
}

// The page to come back to is this one, also for a form that came from a smaller page.
function comeBack(form) {
  const back = form.elements.back;
  const here = new URL(location.href);
  ["comment", "side", "first", "last", "edit", "reply"].forEach((one) => here.searchParams.delete(one));
  if (back) {
    back.value = here.pathname + here.search + (/#.*/.exec(back.value)?.[0] ?? "");
  }
}

export function attach(element) {
  element.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-draft]");
    if (form) {
      clearTimeout(form.timer);
      form.timer = setTimeout(() => saveNext(form), PAUSE);
    }
  });
  element.addEventListener("click", async (event) => {
    const form = event.target.closest("[data-cancel]")?.closest("form[data-draft]");
    clearTimeout(form?.timer);
    await form?.saving;
    if (form?.dataset.draft === "kept") {
      const body = new URLSearchParams(new FormData(form));
      body.set("do", "discard");
      fetch(form.action, { method: "POST", body });
    }
  });
  element.addEventListener("submit", async (event) => {
    const form = event.target;
    comeBack(form);
    clearTimeout(form.timer);
    if (form.saving && !form.isSaved) {
      event.preventDefault();
      await form.saving;
      form.isSaved = true;
      form.requestSubmit(event.submitter);
    }
  });
}
