// The button of the playground, or of another script of it. It's all that a page holds; the rest comes with the click.
// It has no angle brackets and no ampersands, which Markdown would escape if the button is in a box of a page.
class Playground extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.button = document.createElement("button");
    this.button.className = "md-button";
    this.button.type = "button";
    this.button.textContent = this.getAttribute("label") ?? "Run it here";
    this.note = document.createElement("p");
    const runs = this.hasAttribute("example");
    this.note.textContent = !runs ? this.getAttribute("note") : globalThis.playgroundBoots
      ? "Python is loaded already. Nothing that you type leaves the page."
      : `The first click loads Python and FastAPI into this page: ${this.getAttribute("megabytes")} MB, once. ` +
        "They start within 5 to 15 seconds, once they have come. Nothing that you type leaves the page.";
    this.button.addEventListener("click", this.open.bind(this));
    this.append(this.button, this.note);
  }

  disconnectedCallback() {
    this.panel?.leave?.();
  }

  async open() {
    if (this.opening) return;
    this.opening = true;
    this.button.disabled = true;
    try {
      const { open } = await import(new URL(`${this.getAttribute("from")}${this.getAttribute("script") ?? "panel"}.js`, document.baseURI));
      this.panel = await open(this, this.getAttribute("example"), this.getAttribute("build"));
      this.button.remove();
      this.note.remove();
    } catch (error) {
      this.note.textContent = `The playground could not be loaded: ${navigator.onLine ? error.message : "you seem to be offline"}. Press once more.`;
      this.note.setAttribute("role", "alert");
      this.button.disabled = this.opening = false;
    }
  }
}
customElements.get("workbook-playground") ?? customElements.define("workbook-playground", Playground);
