// What goes on in a panel and can be stopped: where it takes longer than a moment, a button appears.
const STOPPED = "Stopped. If Python was busy with your code, it starts again, and the next run waits for it.";
const SLOW = 300; // milliseconds

export class Working {
  /** `button` stops what goes on; the focus goes `back` when the button disappears below it. */
  constructor(button, back) {
    Object.assign(this, { button, back, going: new Set() });
    button.hidden = true;
  }

  /** Something begins. What's returned has its signal, and goes to `end` when it's over. */
  begin() {
    const work = new AbortController();
    this.going.add(work);
    setTimeout(() => (this.button.hidden = !this.going.size), SLOW);
    return work;
  }

  end(work) {
    this.going.delete(work);
    if (this.going.size) return;
    if (document.activeElement === this.button) this.back.focus({ preventScroll: true });
    this.button.hidden = true;
  }

  stop() {
    for (const work of this.going) work.abort(new Error(STOPPED));
  }
}
