// The look of the chat widget. A storefront may set --accent and --on-accent; theme="light" keeps it light on a dark screen.
export const STYLE = `
:host {
  --accent: #0a5c4a; --on-accent: #fff; --surface: #fff; --text: #1c1c1c; --bubble: #f0f0ee; --mine: #dcefe9; --muted: #595959; --line: #ccc; --field: #767676;
  --notice: #fff4d6; --bad: #a40000; --focus: #b35c00;
  font: 15px/1.5 system-ui, "Noto Sans KR", sans-serif; color-scheme: light;
}
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"])) {
    --accent: #8fd9c4; --on-accent: #0d1f1a; --surface: #1b1d1c; --text: #f0f0ee; --bubble: #2c2f2e; --mine: #1f4a3f; --muted: #b4b8b6; --line: #4a4e4c; --field: #8f9592;
    --notice: #4a3c12; --bad: #ff9d94; --focus: #ffc061; color-scheme: dark;
  }
}
button, input, textarea { font: inherit; color: inherit; background: none; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
header :focus-visible { outline-color: currentColor; }
.launch { position: fixed; right: 16px; bottom: 16px; min-width: 56px; min-height: 56px; border: 0; border-radius: 28px; background: var(--accent); color: var(--on-accent); padding: 0 20px; }
.panel { position: fixed; right: 16px; bottom: 16px; width: min(380px, calc(100vw - 32px)); height: min(600px, calc(100dvh - 32px)); display: flex; flex-direction: column;
  background: var(--surface); color: var(--text); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; box-shadow: 0 8px 32px #0003; box-sizing: border-box; }
[hidden] { display: none !important; }
header { display: flex; align-items: center; gap: 8px; padding: 10px 12px; background: var(--accent); color: var(--on-accent); }
header h2 { flex: 1; font-size: 16px; margin: 0; }
header button { border: 1px solid currentColor; border-radius: 6px; min-height: 40px; padding: 0 10px; }
.status { padding: 6px 12px; background: var(--notice); font-size: 13px; }
ol { flex: 1; overflow-y: auto; margin: 0; padding: 12px; list-style: none; display: flex; flex-direction: column; gap: 8px; min-height: 0; }
li { max-width: 85%; white-space: pre-wrap; word-break: keep-all; overflow-wrap: anywhere; padding: 8px 12px; border-radius: 12px; background: var(--bubble); align-self: flex-start; }
li a { color: var(--accent); }
li.shopper { align-self: flex-end; background: var(--mine); }
li.system { align-self: center; background: none; color: var(--muted); font-size: 13px; text-align: center; }
li small { display: block; color: inherit; opacity: .8; } li.refused small { color: var(--bad); opacity: 1; } li .receipt { text-align: right; }
li .file { display: block; border: 1px solid var(--field); border-radius: 8px; background: var(--surface); padding: 6px 12px; min-height: 40px; }
.buttons, .suggestions { display: flex; flex-wrap: wrap; gap: 6px; } .buttons { margin-top: 8px; }
.suggestions { padding: 8px 10px 0; } .suggestions p { width: 100%; margin: 0; font-size: 13px; color: var(--muted); }
.buttons button, .rating button, .suggestions button, .offers button, .question button { border: 1px solid var(--accent); border-radius: 16px; background: var(--surface); color: var(--accent);
  padding: 6px 12px; min-height: 40px; text-align: left; }
.question, .offers { padding: 10px; border-top: 1px solid var(--line); background: var(--notice); } .question p, .offers p { margin: 0 0 8px; }
.offers .choices { display: flex; gap: 6px; } .offers select { width: 100%; min-height: 40px; font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--field); border-radius: 8px; }
.offers { max-height: 60%; overflow-y: auto; flex-shrink: 0; } .offers form { border: 0; padding: 0; flex-wrap: wrap; gap: 4px 8px; } .offers label { width: 100%; font-size: 13px; }
.offers input { flex: 1 1 160px; min-width: 0; min-height: 40px; padding: 0 8px; border: 1px solid var(--field); border-radius: 8px; background: var(--surface); }
.question button:first-of-type { background: var(--accent); color: var(--on-accent); }
form { display: flex; gap: 8px; padding: 10px; border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; resize: none; padding: 8px; border: 1px solid var(--field); border-radius: 8px; }
textarea::placeholder { color: var(--muted); opacity: 1; }
form button { border: 0; border-radius: 8px; background: var(--accent); color: var(--on-accent); padding: 0 16px; min-height: 44px; }
form .attach { background: var(--surface); color: var(--accent); border: 1px solid var(--accent); padding: 0 12px; }
.rating { padding: 10px; text-align: center; border-top: 1px solid var(--line); } .rating p { margin: 0 0 8px; }
@media (max-width: 480px) { .panel { inset: 0; width: auto; height: auto; border-radius: 0; border: 0; } }
`;
