// What the editor uses of CodeMirror: the rest is left out when this becomes one file.
export { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from "@codemirror/commands";
export { python } from "@codemirror/lang-python";
export { bracketMatching, indentUnit, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
export { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
export { search, searchKeymap } from "@codemirror/search";
export { EditorState } from "@codemirror/state";
export { Decoration, EditorView, highlightSpecialChars, keymap, lineNumbers, ViewPlugin } from "@codemirror/view";
export { classHighlighter } from "@lezer/highlight";
