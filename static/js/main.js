// Attaches each module to the elements that name it: data-module="copy", or several with spaces.
function attachAll(root) {
  for (const element of root.querySelectorAll("[data-module]")) {
    for (const name of element.dataset.module.split(" ")) {
      modules.get(name)?.(element);
    }
  }
}

attachAll(document);
