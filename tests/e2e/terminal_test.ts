/**
 * The program as a person sees it, in a terminal. Skipped where there is no tmux.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { has, Program } from "../support/program.ts";
import { Terminal } from "../support/tmux.ts";

const ignore = !await has("tmux");
const ROOT = new URL("../../", import.meta.url).pathname;
const CHAT = `cd "${ROOT}" && "${Deno.execPath()}" run --unstable-net -A main.ts`;
/** What a shell says afterwards: the status, and whether the terminal edits lines again. */
const AFTER =
  'echo "status $?"; stty -a | grep -o -e "-icanon" -e " icanon" -e "-echo " -e " echo "';
const NAMES = {
  UDPCHAT_NAME: "ann",
  UDPCHAT_HOME: "/nonexistent/udpchat-test",
  TERM: "screen-256color",
  NO_COLOR: "",
};

interface Pair extends AsyncDisposable {
  readonly screen: Terminal;
  readonly peer: Program;
}

/** A terminal with a chat, and a peer behind pipes that it talks to. */
async function pair(columns = 80, rows = 24, env: Record<string, string> = {}): Promise<Pair> {
  const peer = new Program(["plain", "--host", "127.0.0.1", "--port", "0"]);
  const to = `127.0.0.1:${await peer.port()}`;
  const size = { columns, rows };
  const screen = await Terminal.start(`${CHAT} plain ${to}; ${AFTER}`, size, { ...NAMES, ...env });
  await screen.shows("~ ann>");
  await screen.type("hello");
  await screen.press("Enter");
  await peer.out.next("hello");
  return {
    screen,
    peer,
    [Symbol.asyncDispose]: async () => {
      await screen[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
}

Deno.test("terminal: a message appears above the line being typed, which stays as it was", {
  ignore,
}, async () => {
  await using chat = await pair(40, 20);
  const typed =
    "a line with \u65e5\u672c and \u{1f44d} that is long enough to wrap over three rows of the window";
  await chat.screen.type(typed);
  await chat.screen.shows((lines) => lines.join("").endsWith("of the window"));
  const before = await chat.screen.cursor();
  await chat.peer.type("incoming \u00e9");
  const lines = await chat.screen.shows((all) =>
    all.some((line) => line.includes("incoming \u00e9")) &&
    all.join("").endsWith("of the window")
  );
  const at = lines.findIndex((line) => line.includes("incoming"));
  assertMatch(lines[at] ?? "", /^\d\d:\d\d ~ 127\.0\.0\.1:\d+ incoming \u00e9$/);
  assertMatch(lines[at + 1] ?? "", /^~ ann> a line with/);
  assertEquals(
    lines.slice(at + 1).join("").replaceAll(" ", ""),
    `~ ann> ${typed}`.replaceAll(" ", ""),
  );
  assertEquals(await chat.screen.cursor(), [before[0], before[1] + 1]);
  await chat.screen.press("Enter");
  assert((await chat.peer.out.next("a line with")).endsWith(typed));
  const after = await chat.screen.shows((all) => all.at(-1) === "~ ann>");
  assertEquals(
    after.filter((line) => line.includes("a line with")).length,
    1,
    "typed once, shown once",
  );
});

Deno.test(
  "terminal: the line being typed survives a change of the window's size",
  { ignore },
  async () => {
    await using chat = await pair(60, 20);
    const typed = "this line is longer than the window will be in a moment";
    await chat.screen.type(typed);
    await chat.screen.shows((lines) => lines.join("").endsWith("in a moment"));
    for (const columns of [30, 50, 80]) {
      await chat.screen.resize(columns, 20);
      await chat.peer.type(`at ${columns}`);
      await chat.screen.shows(`at ${columns}`);
    }
    await chat.screen.press("Enter");
    assert((await chat.peer.out.next("this line")).endsWith(typed));
  },
);

Deno.test("terminal: a paste of several lines is one question", { ignore }, async () => {
  await using chat = await pair();
  await chat.screen.paste("one\n/two\nthree\n");
  await chat.screen.shows("Pasted 3 lines");
  await chat.screen.type("y");
  await chat.peer.out.next("one");
  await chat.peer.out.next(/^ {2}\/two$/);
  await chat.peer.out.next(/^ {2}three$/);
  await chat.screen.paste("four\n/five");
  await chat.screen.shows("Pasted 2 lines");
  await chat.screen.type("l");
  await chat.peer.out.next("four");
  await chat.peer.out.next(": /five");
  await chat.screen.paste("six\nseven");
  await chat.screen.shows(/Pasted 2 lines[^]*Pasted 2 lines/);
  await chat.screen.type("n");
  await chat.screen.shows("Nothing was sent");
  await chat.screen.paste("single\n");
  await chat.screen.shows("~ ann> single");
  await chat.screen.press("Enter");
  await chat.peer.out.next("single");
  assert(!chat.peer.out.all.some((line) => line.includes("six")));
});

Deno.test(
  "terminal: Ctrl-C, Ctrl-D and /quit leave with 0 and the terminal as it was",
  { ignore },
  async () => {
    for (const leave of [["C-c"], ["C-d"], ["/quit", "Enter"]]) {
      await using chat = await pair();
      await chat.screen.press(...leave);
      const lines = await chat.screen.shows("status");
      assert(lines.includes("status 0"), lines.join("\n"));
      await chat.screen.shows((all) => all.join("\n").includes(" echo") && all.includes(" icanon"));
    }
  },
);

Deno.test("terminal: SIGTERM leaves with 143 and the terminal as it was", { ignore }, async () => {
  await using chat = await pair();
  const shell = await chat.screen.pid();
  const { stdout } = await new Deno.Command("pgrep", { args: ["-P", `${shell}`] }).output();
  Deno.kill(Number(new TextDecoder().decode(stdout).trim().split("\n")[0]), "SIGTERM");
  const lines = await chat.screen.shows("status");
  assert(lines.includes("status 143"), lines.join("\n"));
  await chat.screen.shows((all) => all.includes(" icanon"));
});

Deno.test("terminal: a mistake of ours leaves the terminal as it was", { ignore }, async () => {
  const broken = `import { host } from "./main.ts"; host.console.input.setRaw(true);` +
    ` queueMicrotask(() => { throw new TypeError("boom \\u001b[31m"); });`;
  const command = `cd "${ROOT}" && "${Deno.execPath()}" eval '${broken}'; ${AFTER}`;
  await using screen = await Terminal.start(command, undefined, NAMES);
  await screen.shows("our fault: TypeError: boom \u00b7[31m");
  const lines = await screen.shows((all) => all.includes(" icanon"));
  assert(lines.includes("status 1"), lines.join("\n"));
});

Deno.test(
  "terminal: the commands work, complete with Tab, and up recalls",
  { ignore },
  async () => {
    await using chat = await pair();
    await chat.screen.type("/he");
    await chat.screen.press("Tab", "Enter");
    await chat.screen.shows("/nick NAME");
    await chat.screen.type("/nick anna lee");
    await chat.screen.press("Enter");
    await chat.screen.shows("~ anna-lee>");
    await chat.screen.type("/me waves");
    await chat.screen.press("Enter");
    await chat.peer.out.next("* anna-lee waves");
    await chat.peer.type("hi");
    await chat.screen.shows(/ hi$/m);
    await chat.screen.type("/who");
    await chat.screen.press("Enter");
    await chat.screen.shows(/127\.0\.0\.1:\d+ {2}heard/);
    await chat.screen.press("Up", "Up", "Up", "Up", "Up", "Enter");
    assertMatch(await chat.peer.out.next("hello"), /: hello$/);
    await chat.screen.type("/bogus");
    await chat.screen.press("Enter");
    await chat.screen.shows("no command /bogus");
  },
);

Deno.test("terminal: what comes from the network cannot move the cursor or colour a line", {
  ignore,
}, async () => {
  await using chat = await pair();
  await chat.peer.type("\x1b[2J\x1b[1;1H\x1b[31mred\x07\u202eevil");
  const lines = await chat.screen.shows("evil");
  assert(lines.some((line) => line.includes("\u00b7[2J\u00b7[1;1H\u00b7[31mred\u00b7\u00b7evil")));
  assert(lines.some((line) => line.includes("hello")), "nothing was erased");
});

Deno.test("terminal: colours only where they are wanted", { ignore }, async () => {
  for (const [env, coloured] of [[{}, true], [{ NO_COLOR: "1" }, false]] as const) {
    await using chat = await pair(80, 24, env);
    await chat.peer.type("hi");
    await chat.screen.shows(/ hi$/m);
    assertEquals((await chat.screen.colours()).includes("\x1b[38;5;"), coloured);
  }
});

Deno.test("terminal: with nothing given two people on one machine find each other, and chat", {
  ignore,
}, async () => {
  const size = { columns: 60, rows: 20 }, room = `--room ${crypto.randomUUID()}`;
  // Beacons stay on this machine.
  const command = `${CHAT} --interface lo ${room} --ephemeral`;
  await using ann = await Terminal.start(`${command} --name ann; ${AFTER}`, size, NAMES);
  await ann.shows("nobody else is here yet");
  await using bob = await Terminal.start(`${command} --name bob; ${AFTER}`, size, NAMES);
  await bob.shows("ann is here");
  await ann.shows("bob is here");
  await bob.type("hi ann");
  await bob.press("Enter");
  await bob.shows("bob hi ann \u2713");
  await ann.shows("bob hi ann");
  await ann.type("hi bob");
  await ann.press("Enter");
  await bob.shows(/ann hi bob/);
  await ann.shows("ann hi bob \u2713");
  await bob.press("C-c");
  await ann.shows("bob is gone");
});

Deno.test("terminal: what is on its way stays above the prompt until the other holds it", {
  ignore,
}, async () => {
  const peer = new Program(["talk", "--host", "127.0.0.1", "--port", "0", "--ephemeral"]);
  try {
    const to = `127.0.0.1:${await peer.port()}`;
    const command = `${CHAT} talk ${to} --ephemeral; ${AFTER}`;
    await using screen = await Terminal.start(command, { columns: 40, rows: 14 }, NAMES);
    await screen.shows("is here");
    peer.signal("SIGSTOP");
    await screen.type("are you there?");
    await screen.press("Enter");
    await screen.type("still typing");
    await screen.shows("are you there? (on its way)");
    peer.signal("SIGCONT");
    const lines = await screen.shows("are you there? \u2713");
    assertEquals(lines.filter((line) => line.includes("are you there")).length, 1);
    assertEquals(lines.at(-1), "ann> still typing");
  } finally {
    await peer[Symbol.asyncDispose]();
  }
});

Deno.test("terminal: who waits for a call tells the other the address that is bound", {
  ignore,
}, async () => {
  const command = `${CHAT} talk --host 127.0.0.1 --port 0 --ephemeral`;
  await using screen = await Terminal.start(command, { columns: 60, rows: 14 }, NAMES);
  const lines = await screen.shows("the other runs");
  assert(lines.some((line) => /^ *udpchat talk 127\.0\.0\.1:\d+$/.test(line)), lines.join("\n"));
});
