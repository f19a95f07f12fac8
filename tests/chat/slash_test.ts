import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { complete, parseLine, SLASH_COMMANDS, slashHelp } from "../../lib/chat/slash.ts";
import { seededRandom } from "../../lib/net/random.ts";

Deno.test("parseLine() takes a line without a slash for text, as it is", () => {
  for (
    const text of ["", "hello", " /quit", "a/b", "\\/quit", "  hi  ", "\u2044quit", "one\n/quit"]
  ) {
    assertEquals(parseLine(text), { kind: "text", text });
  }
});

Deno.test("parseLine() takes one slash of two off and sends the rest", () => {
  assertEquals(parseLine("//"), { kind: "text", text: "/" });
  assertEquals(parseLine("//etc/passwd"), { kind: "text", text: "/etc/passwd" });
  assertEquals(parseLine("///"), { kind: "text", text: "//" });
  assertEquals(parseLine("//quit\n/nick x"), { kind: "text", text: "/quit\n/nick x" });
});

Deno.test("parseLine() reads commands and what follows them", () => {
  const table: readonly (readonly [line: string, name: string, argument: string])[] = [
    ["/help", "help", ""],
    ["/quit  ", "quit", ""],
    ["/QUIT", "quit", ""],
    ["/nick bob", "nick", "bob"],
    ["/nick   bob  ", "nick", "bob"],
    ["/nick\tAnn Lee", "nick", "Ann Lee"],
    ["/me waves  at /all", "me", "waves  at /all"],
    ["/me one\ntwo", "me", "one\ntwo"],
  ];
  for (const [line, name, argument] of table) {
    assertEquals(parseLine(line), { kind: "command", name, argument }, line);
  }
});

Deno.test("parseLine() says what is wrong", () => {
  const table: readonly (readonly [line: string, message: RegExp])[] = [
    [
      "/qiut",
      /^no command \/qiut: did you mean \/quit\? \(\/help lists them, \/\/ sends a slash\)$/,
    ],
    ["/xyzzy 1", /^no command \/xyzzy \(\/help lists them/],
    ["/", /^no command \/ \(\/help lists them/],
    ["/ quit", /^no command \/ \(/],
    ["/constructor", /^no command \/constructor/],
    ["/__proto__", /^no command \/__proto__/],
    ["/nick", /^\/nick wants NAME$/],
    ["/me  ", /^\/me wants ACTION$/],
    ["/help me", /^\/help takes nothing after it$/],
    ["/quit now", /^\/quit takes nothing after it$/],
  ];
  for (const [line, message] of table) {
    const parsed = parseLine(line);
    assert(parsed.kind === "error", line);
    assertMatch(parsed.message, message);
  }
});

Deno.test("parseLine() lets an argument in brackets be left out", () => {
  const commands = [{ name: "away", argument: "[TEXT]", help: "go away" }];
  assertEquals(parseLine("/away", commands), { kind: "command", name: "away", argument: "" });
  assertEquals(parseLine("/away lunch", commands), {
    kind: "command",
    name: "away",
    argument: "lunch",
  });
  assertEquals(parseLine("/quit", commands).kind, "error", "only those that work here");
});

Deno.test("parseLine() never throws, and text is never a command, for 50,000 lines", () => {
  const random = seededRandom(9);
  const pieces = [
    "/",
    "//",
    "quit",
    "nick",
    " ",
    "\n",
    "\t",
    "me",
    "x",
    "\x1b",
    "\ud800",
    "\u202e",
  ];
  const names = SLASH_COMMANDS.map((each) => each.name);
  for (let round = 0; round < 50_000; round++) {
    const line = Array.from(
      { length: Math.floor(random() * 6) },
      () => pieces[Math.floor(random() * pieces.length)] ?? "",
    ).join("");
    const parsed = parseLine(line), isText = !line.startsWith("/") || line.startsWith("//");
    assertEquals(parsed.kind === "text", isText, JSON.stringify(line));
    if (parsed.kind === "command") assert(names.includes(parsed.name));
  }
});

Deno.test("slashHelp() lists each command with what it wants, in two columns", () => {
  const lines = slashHelp();
  assertEquals(lines.length, SLASH_COMMANDS.length);
  for (const [at, { name, argument, help }] of SLASH_COMMANDS.entries()) {
    const line = lines[at] ?? "";
    assert(line.startsWith(`/${name}${argument ? ` ${argument}` : ""} `), line);
    assert(line.endsWith(`  ${help}`), line);
    assert(line.length <= 78, line);
  }
  const columns = SLASH_COMMANDS.map(({ help }, at) => (lines[at] ?? "").length - help.length);
  assertEquals(new Set(columns).size, 1);
});

Deno.test("SLASH_COMMANDS has each command of the design that there is, once", () => {
  const names = SLASH_COMMANDS.map((each) => each.name);
  assertEquals(new Set(names).size, names.length);
  for (const name of names) assertMatch(name, /^[a-z]+$/);
  for (const name of ["help", "who", "nick", "me", "quit"]) assert(names.includes(name), name);
  assertStringIncludes(slashHelp().join("\n"), "/nick NAME");
});

Deno.test("complete() offers commands at the start of a line", () => {
  assertEquals(complete("/", []), [["/help", "/who", "/nick ", "/me ", "/quit"], "/"]);
  assertEquals(complete("/q", ["quentin"]), [["/quit"], "/q"]);
  assertEquals(complete("/N", []), [["/nick "], "/N"]);
  assertEquals(complete("/x", []), [[], "/x"]);
  assertEquals(complete("//q", ["quentin"])[0], [], "that is text");
  assertEquals(complete("say /q", ["quentin"])[0], []);
});

Deno.test("complete() offers names anywhere, with a colon at the start of a line", () => {
  const names = ["Ann", "anton", "bob", "\u6f22\u5b57"];
  assertEquals(complete("a", names), [["Ann: ", "anton: "], "a"]);
  assertEquals(complete("hi AN", names), [["Ann ", "anton "], "AN"]);
  assertEquals(complete("hi bob", names), [["bob "], "bob"]);
  assertEquals(complete("\u6f22", names), [["\u6f22\u5b57: "], "\u6f22"]);
  assertEquals(complete("/nick b", names), [["bob "], "b"]);
  assertEquals(complete("hi ", names), [[], ""]);
  assertEquals(complete("", names), [[], ""]);
  assertEquals(complete("zz", names), [[], "zz"]);
});

Deno.test("complete() replaces only what stands at the cursor", () => {
  const lines = ["/", "/ni", "hi b", "b", "", "hi ", "//", "/nick b", "one two three b"];
  for (const line of lines) {
    const [candidates, stem] = complete(line, ["bob", "bill"]);
    assert(line.endsWith(stem), line);
    for (const each of candidates) {
      assert(each.toLowerCase().startsWith(stem.toLowerCase()), `${line}: ${each}`);
    }
  }
});
