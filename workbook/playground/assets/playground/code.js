// A field with CodeMirror in it. What it can do is the same as the text area's: see editor.js.
const NEVER = "Mod-Enter"; // this key runs the code
const ROW = 1.6; // the height of a line

export function codeField(cm, { frame, name, note, error }, language) {
  const { EditorState, EditorView, keymap } = cm;
  const heard = [];
  const states = new Map(); // of files that aren't shown now: each has an undo of its own
  let shown; // the file's name
  let quiet = false; // what the page puts there itself isn't typed
  const keys = [cm.indentWithTab, ...cm.defaultKeymap.filter(({ key }) => key !== NEVER)];
  const extensions = [
    EditorView.domEventHandlers({
      // Until another key comes, however long it takes: Escape, and then Tab leaves the field.
      keydown: ({ key }, view) => {
        if (!["Tab", "Shift"].includes(key)) view.setTabFocusMode(key === "Escape");
        return false;
      },
      blur: (_, view) => view.setTabFocusMode(false),
    }),
    cm.lineNumbers(),
    cm.lintGutter(),
    cm.history(),
    cm.highlightSpecialChars(),
    cm.bracketMatching(),
    cm.indentUnit.of("    "),
    EditorState.tabSize.of(4),
    cm.search({ top: true }),
    cm.syntaxHighlighting(cm.classHighlighter),
    language === "python" ? cm.python() : [requests(cm), titles(cm)],
    keymap.of([...keys, ...cm.historyKeymap, ...cm.searchKeymap, ...cm.lintKeymap]),
    EditorView.contentAttributes.of({
      "aria-labelledby": name.id,
      "aria-describedby": `${error.id} ${note.id}`,
      tabindex: "0", // it's reached by keyboard without, but axe can't see that
    }),
    EditorView.updateListener.of(({ docChanged }) => docChanged && !quiet && heard.forEach((hear) => hear())),
  ];
  const view = new EditorView({ state: EditorState.create({ extensions }), parent: frame });
  name.addEventListener("click", () => view.focus());

  function quietly(work) {
    quiet = true;
    work();
    quiet = false;
  }

  return {
    area: {
      get value() {
        return view.state.doc.toString();
      },
      focus: (how) => view.contentDOM.focus(how),
      addEventListener: (_, hear) => heard.push(hear), // of `input`, the only one that's asked for
    },
    /** Show a text at most so many lines high. The same file's old text can be brought back with undo. */
    show(text, most, file = "") {
      if (shown !== undefined) states.set(shown, view.state);
      const known = states.get(file);
      quietly(() => {
        if (file !== shown) view.setState(known ?? EditorState.create({ doc: text, extensions }));
        if (view.state.doc.toString() !== text) {
          const changes = { from: 0, to: view.state.doc.length, insert: text };
          view.dispatch({ changes, selection: { anchor: 0 }, annotations: cm.isolateHistory.of("full") });
        }
      });
      shown = file;
      const lines = Math.min(most, view.state.doc.lines + 1);
      frame.style.blockSize = `calc(${lines * ROW} * var(--pg-code-size) + 1.6em)`;
      view.dispatch({ effects: EditorView.scrollIntoView(0, { y: "start", x: "start" }) });
    },
    goTo(line) {
      const { from, to } = at(view.state.doc, line);
      const effects = EditorView.scrollIntoView(from, { y: "center" });
      view.dispatch({ selection: { anchor: from, head: to }, effects });
      view.contentDOM.focus({ preventScroll: true });
      frame.scrollIntoView({ block: "center" });
    },
    mark(problems) {
      const { doc } = view.state;
      const found = problems.map(({ line, text }) => ({ ...bounds(at(doc, line)), severity: "error", message: text }));
      view.dispatch(cm.setDiagnostics(view.state, found));
    },
  };
}

/** A line, counted from 1; the last one where there are fewer. */
const at = (doc, line) => doc.line(Math.max(1, Math.min(line, doc.lines)));

/** The line without its indentation. */
const bounds = ({ from, to, text }) => ({ from: Math.min(to, from + text.search(/\S|$/)), to });

/** The colours of requests: a title, the request line, headers; `{{…}}` anywhere. */
function requests({ StreamLanguage }) {
  return StreamLanguage.define({
    startState: () => ({ part: "start" }),
    blankLine: (state) => state.part === "headers" && (state.part = "body"),
    token(stream, state) {
      if (stream.sol() && stream.match(/###.*/)) return (state.part = "start"), "heading";
      if (stream.match(/\{\{.*?\}\}/)) return "variableName.special";
      if (stream.sol() && state.part === "start" && stream.match(/[A-Z]+(?= )/)) return (state.part = "headers"), "keyword";
      if (stream.sol() && state.part === "headers" && stream.match(/[\w-]+(?=:)/)) return "propertyName";
      if (stream.sol() && state.part === "start" && stream.match(/#.*/)) return "comment";
      stream.next();
      return null;
    },
  });
}

/** The line that begins a request is the top of its block. */
function titles({ Decoration, EditorView, ViewPlugin }) {
  const top = Decoration.line({ class: "pg-block" });
  const find = ({ viewport, state }) => {
    const found = [];
    for (let { number } = state.doc.lineAt(viewport.from); number <= state.doc.lines; number += 1) {
      const { from, text } = state.doc.line(number);
      if (from > viewport.to) break;
      if (text.startsWith("###")) found.push(top.range(from));
    }
    return Decoration.set(found);
  };
  const plugin = class {
    constructor(view) {
      this.decorations = find(view);
    }
    update(changed) {
      if (changed.docChanged || changed.viewportChanged) this.decorations = find(changed.view);
    }
  };
  return ViewPlugin.fromClass(plugin, { decorations: (value) => value.decorations });
}
