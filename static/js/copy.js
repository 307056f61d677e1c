// Shows a copy button, which is useless without a script and therefore hidden until here, and makes it work.

async function writeText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  // Over plain HTTP, other than on localhost, browsers offer no clipboard object.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "vh";
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  return isCopied;
}

export function attach(element) {
  const button = element.querySelector("button");
  const source = element.querySelector("input, code");
  const status = element.querySelector("[role=status]");
  button.hidden = false;
  if (source.select) {
    source.addEventListener("focus", () => source.select());
  }
  button.addEventListener("click", async () => {
    const isCopied = await writeText(source.value ?? source.textContent).catch(() => false);
    status.textContent = isCopied ? button.dataset.done : button.dataset.failed;
    button.classList.toggle("done", isCopied);
    button.focus();
    setTimeout(() => {
      status.textContent = "";
      button.classList.remove("done");
    }, 3000);
  });
}
