import { assertEquals, assertThrows } from "@std/assert";
import { defaultHome, loadName, saveName } from "../../lib/store/profile.ts";

const unix = Deno.build.os !== "windows";
const root = unix && Deno.uid() === 0;

/** A directory that is removed afterwards. */
class Place implements AsyncDisposable {
  readonly path: string;

  constructor() {
    this.path = Deno.makeTempDirSync({ prefix: "udpchat-test-" });
  }

  /** Names of all that is in a directory below. */
  async list(below = ""): Promise<string[]> {
    const names: string[] = [];
    for await (const entry of Deno.readDir(`${this.path}/${below}`)) names.push(entry.name);
    return names.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function mode(path: string): Promise<string> {
  return (((await Deno.stat(path)).mode ?? 0) & 0o777).toString(8);
}

Deno.test("saveName() saves what loadName() loads, and leaves nothing else", async () => {
  await using place = new Place();
  for (const name of ["ann", "Ann-Lee", "\u6f22\u5b57", "\u{1f44d}\u{1f3fd}", "ann"]) {
    saveName(place.path, name);
    assertEquals(await loadName(place.path), name);
    assertEquals(await place.list(), ["name"]);
  }
  assertEquals(await Deno.readTextFile(`${place.path}/name`), "ann\n");
});

Deno.test("saveName() makes the directory where it is missing", async () => {
  await using place = new Place();
  const home = `${place.path}/a/b/udpchat`;
  saveName(home, "ann");
  assertEquals(await loadName(home), "ann");
});

Deno.test({
  name: "saveName() makes directories 0700 and files 0600",
  ignore: !unix,
  fn: async () => {
    await using place = new Place();
    const home = `${place.path}/state/udpchat`;
    saveName(home, "ann");
    assertEquals([await mode(home), await mode(`${home}/name`)], ["700", "600"]);
    assertEquals(await mode(`${place.path}/state`), "700");
    await Deno.chmod(`${home}/name`, 0o644);
    saveName(home, "bob");
    assertEquals(await mode(`${home}/name`), "600", "also where it was open before");
  },
});

Deno.test("saveName() replaces the name, and leaves nothing of those before", async () => {
  await using place = new Place();
  for (let at = 0; at < 20; at++) saveName(place.path, `name${at}`);
  assertEquals(await loadName(place.path), "name19");
  assertEquals(await place.list(), ["name"]);
});

Deno.test("saveName() fails where a file is in the way of the directory", async () => {
  await using place = new Place();
  await Deno.writeTextFile(`${place.path}/file`, "kept");
  assertThrows(() => saveName(`${place.path}/file`, "ann"), Error);
  assertThrows(() => saveName(`${place.path}/file/home`, "ann"), Error);
  assertEquals(await Deno.readTextFile(`${place.path}/file`), "kept");
  assertEquals(await loadName(`${place.path}/file`), undefined);
});

Deno.test("saveName() that cannot replace the file fails and leaves nothing behind", async () => {
  await using place = new Place();
  await Deno.mkdir(`${place.path}/name/inside`, { recursive: true });
  assertThrows(() => saveName(place.path, "ann"), Error);
  assertEquals([await place.list(), await place.list("name")], [["name"], ["inside"]]);
  assertEquals(await loadName(place.path), undefined);
});

Deno.test({
  name: "saveName() into a directory without write permission fails, and the old name stays",
  ignore: !unix || root, // Nothing is forbidden to root.
  fn: async () => {
    await using place = new Place();
    const home = `${place.path}/home`;
    saveName(home, "ann");
    await Deno.chmod(home, 0o500);
    try {
      assertThrows(() => saveName(home, "bob"), Deno.errors.PermissionDenied);
      assertEquals(await loadName(home), "ann");
      assertEquals(await place.list("home"), ["name"]);
    } finally {
      await Deno.chmod(home, 0o700);
    }
  },
});

Deno.test({
  name: "saveName() fails where nothing can be made, root or not",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    // Nobody can make anything in /proc.
    assertThrows(() => saveName("/proc/self/udpchat", "ann"), Error);
    assertEquals(await loadName("/proc/self/udpchat"), undefined);
  },
});

Deno.test("loadName() has no name where there is none that can be read", async () => {
  await using place = new Place();
  assertEquals(await loadName(place.path), undefined);
  assertEquals(await loadName(`${place.path}/missing`), undefined);
  for (const text of ["", "\n", "  \r\n"]) {
    await Deno.writeTextFile(`${place.path}/name`, text);
    assertEquals(await loadName(place.path), undefined, JSON.stringify(text));
  }
  await Deno.writeTextFile(`${place.path}/name`, "x".repeat(4_097));
  assertEquals(await loadName(place.path), undefined, "too long to be a name");
  await Deno.writeFile(`${place.path}/name`, Uint8Array.of(0xff, 0xfe));
  assertEquals(typeof await loadName(place.path), "string", "whatever it is, no exception");
});

Deno.test("loadName() cuts white space of a file that somebody has edited", async () => {
  await using place = new Place();
  await Deno.writeTextFile(`${place.path}/name`, "  ann \r\n\n");
  assertEquals(await loadName(place.path), "ann");
});

Deno.test("defaultHome() takes UDPCHAT_HOME before all else", () => {
  const env = (name: string) => ({ UDPCHAT_HOME: "/own", HOME: "/home/ann" })[name];
  assertEquals(defaultHome(env), "/own");
});

Deno.test("defaultHome() is the state directory of the platform", () => {
  const home = (vars: Record<string, string>) => defaultHome((name) => vars[name]);
  assertEquals(home({}), undefined);
  assertEquals(home({ UDPCHAT_HOME: "" }), undefined);
  if (Deno.build.os === "windows") {
    assertEquals(home({ LOCALAPPDATA: "C:\\Local" }), "C:\\Local/udpchat");
  } else if (Deno.build.os === "darwin") {
    assertEquals(home({ HOME: "/Users/ann" }), "/Users/ann/Library/Application Support/udpchat");
  } else {
    assertEquals(home({ HOME: "/home/ann" }), "/home/ann/.local/state/udpchat");
    assertEquals(home({ HOME: "/home/ann", XDG_STATE_HOME: "/state" }), "/state/udpchat");
    assertEquals(home({ HOME: "/h", XDG_STATE_HOME: "" }), "/h/.local/state/udpchat");
  }
});
