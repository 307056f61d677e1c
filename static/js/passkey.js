// Has the browser make a passkey, or sign with one, and sends what it says by the form around it.

const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

function toBytes(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (one) => one.charCodeAt(0));
}

function toText(buffer) {
  const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Browsers before 2024 read and write no JSON of these by themselves.
function read(question) {
  const named = (list) => list?.map((one) => ({ ...one, id: toBytes(one.id) }));
  return {
    ...question,
    challenge: toBytes(question.challenge),
    user: question.user && { ...question.user, id: toBytes(question.user.id) },
    excludeCredentials: named(question.excludeCredentials),
    allowCredentials: named(question.allowCredentials),
  };
}

function write(credential) {
  const given = PARTS.filter((name) => credential.response[name]);
  const response = Object.fromEntries(given.map((name) => [name, toText(credential.response[name])]));
  response.transports = credential.response.getTransports?.() ?? [];
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: {},
  });
}

async function ask(form) {
  const headers = { Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value };
  const answer = await fetch(form.dataset.question, { method: "POST", headers });
  const said = await answer.json();
  if (said.code === "proof_needed") {
    location.reload(); // The page itself then asks for the proof.
  }
  if (!answer.ok) {
    throw new Error([said.title, said.detail, said.next_step].filter(Boolean).join(" "), { cause: "hub" });
  }
  return read(said);
}

function why(error, form) {
  if (error.cause === "hub") {
    return error.message;
  }
  const said = { NotAllowedError: form.dataset.cancelled, InvalidStateError: form.dataset.known };
  return said[error.name] ?? form.dataset.failed;
}

export function attach(form) {
  const button = form.querySelector("button");
  const fault = form.querySelector("[role=alert]");
  form.querySelector("[data-without]").hidden = true;
  if (!window.PublicKeyCredential) {
    fault.textContent = form.dataset.failed;
    fault.hidden = false;
    return;
  }
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    fault.hidden = true;
    try {
      const publicKey = await ask(form);
      form.elements.answer.value = write(await navigator.credentials[form.dataset.act]({ publicKey }));
      form.submit();
    } catch (error) {
      fault.textContent = why(error, form);
      fault.hidden = false;
      button.disabled = false;
    }
  });
}
