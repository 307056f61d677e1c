// Attaches each module to the elements that name it: data-module="copy", or several with spaces.
for (const element of document.querySelectorAll("[data-module]")) {
  for (const name of element.dataset.module.split(" ")) {
    modules.get(name)?.(element);
  }
}
