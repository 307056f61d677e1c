// The lines that are marked go with the page's permalink.

export function attach(link) {
  link.addEventListener("click", () => {
    link.hash = location.hash;
  });
}
