// The button of the playground. It is all that a page loads; the rest comes with the first click.
class Playground extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.button = document.createElement("button");
    this.button.className = "md-button";
    this.button.type = "button";
    this.button.textContent = "Run it here";
    this.note = document.createElement("p");
    this.note.textContent =
      `The first click loads Python and FastAPI into this page: ${this.getAttribute("megabytes")} MB, once. ` +
      "That takes 5 to 15 seconds and the speed of your line. Nothing that you type leaves the page.";
    this.button.addEventListener("click", () => this.open());
    this.append(this.button, this.note);
  }

  async open() {
    if (this.opening) return;
    this.opening = true;
    this.button.disabled = true;
    try {
      const { open } = await import("./playground/panel.js");
      await open(this, this.getAttribute("example"), this.getAttribute("build"));
      this.button.remove();
      this.note.remove();
    } catch (error) {
      this.note.textContent = `The playground could not be loaded: ${error.message}`;
      this.note.setAttribute("role", "alert");
      this.button.disabled = this.opening = false;
    }
  }
}
customElements.define("workbook-playground", Playground);
