/**
 * The house as docs/DESIGN.md has it, enforced: who may import whom, what is pure, who touches the
 * outside world.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/** Room by room: what it may import. `wire` is the ground that everybody stands on. */
const MAY_TOUCH: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  crypto: ["wire"],
  net: ["wire"],
  plain: ["net", "wire"],
  session: ["crypto", "wire"],
  store: ["chat", "wire"],
  chat: ["crypto", "wire"],
  peer: ["chat", "store", "session", "plain", "net", "crypto", "wire"],
  terminal: ["chat", "wire"],
  cli: ["terminal", "peer", "chat", "store", "session", "plain", "net", "crypto", "wire"],
};

/** Rooms whose code takes time and randomness as arguments and touches nothing. */
const PURE = ["wire", "session", "chat", "plain"];

/** What pure code does not name. */
const IMPURE =
  /\bDeno\.|\bDate\b|\bperformance\b|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bgetRandomValues\b|\bconsole\b|\bprocess\./;

interface Source {
  readonly path: string;
  readonly room: string;
  /** Without comments. */
  readonly code: string;
  readonly imports: readonly string[];
}

async function walk(directory: URL): Promise<URL[]> {
  const found: URL[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), directory);
    if (entry.isDirectory) found.push(...await walk(url));
    else if (entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts")) found.push(url);
  }
  return found;
}

async function sources(): Promise<Source[]> {
  const urls = (await walk(new URL("lib/", ROOT))).sort((a, b) => a.href < b.href ? -1 : 1);
  return await Promise.all(urls.map(async (url) => {
    const text = await Deno.readTextFile(url);
    const code = text.replace(/\/\*[\s\S]*?\*\/|(?<![:"'`\w])\/\/.*$/gm, "");
    const imports = [...code.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((m) => m[1] ?? "");
    const path = url.href.slice(ROOT.href.length);
    return { path, room: path.split("/")[1] ?? "", code, imports };
  }));
}

const all = await sources();
const rooms = all.filter((source) => source.path !== "lib/mod.ts");

Deno.test("rooms are those of the design", () => {
  const unknown = rooms.filter((source) => !Object.hasOwn(MAY_TOUCH, source.room));
  assertEquals(unknown.map((source) => source.path), []);
  assert(rooms.length > 30, "the walk finds the sources");
});

Deno.test("imports only point downward", () => {
  const wrong = rooms.flatMap((source) =>
    source.imports.filter((each) => each.startsWith(".")).flatMap((each) => {
      const target = new URL(each, new URL(source.path, ROOT)).href.slice(ROOT.href.length);
      if (target === "deno.json") return source.room === "cli" ? [] : [`${source.path} -> ${each}`];
      const room = target.split("/")[1] ?? "";
      const allowed = room === source.room || MAY_TOUCH[source.room]?.includes(room);
      return allowed ? [] : [`${source.path} -> ${target}`];
    })
  );
  assertEquals(wrong, []);
});

Deno.test("files import each other without circles", () => {
  const byPath = new Map(all.map((source) => [source.path, source]));
  const done = new Set<string>(), open: string[] = [], circles: string[] = [];
  const visit = (path: string): void => {
    if (open.includes(path)) circles.push([...open.slice(open.indexOf(path)), path].join(" -> "));
    if (done.has(path) || open.includes(path)) return;
    open.push(path);
    for (const each of byPath.get(path)?.imports ?? []) {
      if (!each.startsWith(".")) continue;
      visit(new URL(each, new URL(path, ROOT)).href.slice(ROOT.href.length));
    }
    open.pop();
    done.add(path);
  };
  for (const { path } of all) visit(path);
  assertEquals(circles, []);
});

Deno.test("pure rooms are pure", () => {
  const wrong = rooms.filter((source) => PURE.includes(source.room))
    .flatMap((source) => {
      const found = IMPURE.exec(source.code)?.[0];
      return found ? [`${source.path}: ${found}`] : [];
    });
  assertEquals(wrong, []);
});

Deno.test("only its room names a thing of the outside world", () => {
  const owners: readonly [RegExp, (path: string) => boolean][] = [
    [/\bDeno\.(?:stdin|stdout|stderr|consoleSize)\b/, (path) => path === "lib/terminal/console.ts"],
    [
      /\bDeno\.(?:listenDatagram|listen|connect|networkInterfaces)\b/,
      (path) => path.startsWith("lib/net/"),
    ],
    [
      /"node:(?:net|dgram|dns|dns\/promises|tls|http)"/,
      (path) => path.startsWith("lib/net/") || path === "lib/wire/address.ts",
    ],
    [/\bDeno\.exit\b/, () => false],
    [/"node:crypto"|\bcrypto\./, (path) => path.startsWith("lib/crypto/")],
    [/"node:sqlite"/, (path) => path.startsWith("lib/store/")],
    [/"node:readline"/, (path) => path === "lib/terminal/screen.ts"],
    [/\bset(?:Timeout|Interval|Immediate)\(/, (path) => path === "lib/net/system_clock.ts"],
    [/\bperformance\.|\bDate\.now\b/, (path) => path === "lib/net/system_clock.ts"],
    [/\bMath\.random\b/, () => false],
  ];
  const wrong = all.flatMap((source) =>
    owners.flatMap(([pattern, owns]) => {
      const found = pattern.exec(source.code)?.[0];
      return found !== undefined && !owns(source.path) ? [`${source.path}: ${found}`] : [];
    })
  );
  assertEquals(wrong, []);
});

Deno.test("no source file holds a raw escape or control character", async () => {
  const files = [...all.map((source) => source.path), "main.ts"];
  const wrong: string[] = [];
  for (const path of files) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    // deno-lint-ignore no-control-regex -- these are what is looked for
    if (/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.test(text)) wrong.push(path);
  }
  assertEquals(wrong, []);
});

Deno.test("files fit in the head", async () => {
  const long: string[] = [];
  for (const { path } of all) {
    const lines = (await Deno.readTextFile(new URL(path, ROOT))).split("\n").length;
    if (lines > 500) long.push(`${path}: ${lines} lines`);
  }
  assertEquals(long, []);
});
