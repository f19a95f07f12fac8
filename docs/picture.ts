/**
 * Draws docs/session.svg: two terminals with the real program in them, as tmux shows them.
 * Run it with `deno task picture`.
 *
 * @module
 */

import { Terminal } from "../tests/support/tmux.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const COLUMNS = 62, ROWS = 13;
/** Size of a character cell in the picture, in SVG units. */
const CELL = { width: 8.4, height: 18 };
const PAD = 12, GAP = 16, BAR = 26;

const INK = "#d8dee9", GROUND = "#1b2028", FRAME = "#2b323d";

interface Style {
  readonly colour: string;
  readonly bold: boolean;
  readonly dim: boolean;
}

const PLAIN: Style = { colour: INK, bold: false, dim: false };

/** Colour N of xterm's 256 (16 + 36 r + 6 g + b for the cube). */
function xterm(number: number): string {
  const basic: Record<number, string> = { 1: "#bf616a", 2: "#a3be8c", 3: "#ebcb8b" };
  if (number < 16) return basic[number] ?? INK;
  const steps = [0, 95, 135, 175, 215, 255], cube = number - 16;
  return `rgb(${
    [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((at) => steps[at])
  })`;
}

function restyle(style: Style, codes: readonly number[]): Style {
  if (codes[0] === 38 && codes[1] === 5) return { ...style, colour: xterm(codes[2] ?? 0) };
  return codes.reduce<Style>((now, code) => {
    if (code === 0) return PLAIN;
    if (code === 1) return { ...now, bold: true };
    if (code === 2) return { ...now, dim: true };
    if (code === 22) return { ...now, bold: false, dim: false };
    if (code === 39) return { ...now, colour: INK };
    return code >= 30 && code <= 37 ? { ...now, colour: xterm(code - 30) } : now;
  }, style);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Lines of a captured screen as SVG text; a style lasts until it is changed, also past a line. */
function text(lines: readonly string[], x: number, y: number): string {
  let style = PLAIN, out = "";
  for (const [row, captured] of lines.entries()) {
    const drawn = line(captured, style, x, y + row * CELL.height);
    out += drawn.svg;
    style = drawn.style;
  }
  return out;
}

function line(
  captured: string,
  before: Style,
  x: number,
  y: number,
): { svg: string; style: Style } {
  let style = before, column = 0, out = "";
  // deno-lint-ignore no-control-regex -- a captured screen is made of these
  for (const [, codes, text = ""] of captured.matchAll(/(?:\x1b\[([\d;]*)m)?([^\x1b]*)/g)) {
    if (codes !== undefined) style = restyle(style, codes.split(";").map(Number));
    if (text.trim() !== "") {
      const at = (x + column * CELL.width).toFixed(1);
      const look = `fill="${style.colour}"${style.bold ? ' font-weight="bold"' : ""}${
        style.dim ? ' opacity=".6"' : ""
      }`;
      out += `<text x="${at}" y="${y}" ${look} xml:space="preserve">${escape(text)}</text>\n`;
    }
    column += text.length;
  }
  return { svg: out, style };
}

function window(title: string, captured: string, x: number, y: number): string {
  const width = COLUMNS * CELL.width + 2 * PAD, height = ROWS * CELL.height + BAR + PAD;
  const dots = [0, 1, 2].map((at) =>
    `<circle cx="${x + 16 + at * 16}" cy="${y + 13}" r="4.5" fill="#4c566a"/>`
  );
  const rows = text(captured.split("\n").slice(0, ROWS), x + PAD, y + BAR + 16);
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${GROUND}" stroke="${FRAME}"/>
${dots.join("")}
<text x="${x + width / 2}" y="${y + 17}" fill="#7b8596" text-anchor="middle">${escape(title)}</text>
${rows}`;
}

/** What a person types, with the screen that shows it has arrived. */
async function say(from: Terminal, to: Terminal, text: string): Promise<void> {
  await from.type(text);
  await from.press("Enter");
  await to.shows(text.slice(0, 20));
}

const bin = await Deno.makeTempDir();
await Deno.writeTextFile(
  `${bin}/udpchat`,
  `#!/bin/sh\nexec "${Deno.execPath()}" run --unstable-net -A "${ROOT}main.ts" "$@"\n`,
  { mode: 0o755 },
);
const env = {
  TERM: "screen-256color",
  UDPCHAT_HOME: `${bin}/home`,
};
const size = { columns: COLUMNS, rows: ROWS };
/** What is shown is what a person types; for the picture beacons stay on this machine. */
const command = (rest: string) =>
  `PATH="${bin}:$PATH"; printf '$ udpchat %s\\n' '${rest}'; udpchat ${rest} --interface lo --ephemeral`;
{
  await using ann = await Terminal.start(command("--name ann"), size, env);
  await ann.shows("listening");
  await using bob = await Terminal.start(command("--name bob"), size, env);
  await bob.shows("ann is here");
  await say(bob, ann, "hello Ann, is this thing on?");
  await say(ann, bob, "loud and clear \u2013 d\u00e9j\u00e0 vu, \u65e5\u672c\u8a9e, na\u00efve");
  await say(bob, ann, "no server, nothing to set up");
  await bob.shows("set up \u2713");
  await ann.type("/away lunch");
  await ann.press("Enter");
  await bob.shows("ann is away: lunch");
  await bob.type("a line still being typed");
  await bob.shows("still being typed");
  const width = COLUMNS * CELL.width + 2 * PAD, height = ROWS * CELL.height + BAR + PAD;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${2 * height + GAP}"
 font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">
${window("ann", await ann.colours(), 0, 0)}
${window("bob", await bob.colours(), 0, height + GAP)}
</svg>
`;
  await Deno.writeTextFile(new URL("session.svg", import.meta.url), svg.replace(/[ \t]+$/gm, ""));
}
await Deno.remove(bin, { recursive: true });
