import { keyText, parseKeyText } from "../../lib/crypto/identity.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../lib/cli/exit.ts";
import {
  bindingOf,
  OPTION_LIST,
  type OptionKey,
  optionName,
  OPTIONS,
  type Options,
  parse,
} from "../../lib/cli/options.ts";
import { seededRandom } from "../../lib/net/random.ts";

interface Case {
  /** Arguments, and what they mean. */
  readonly good: readonly (readonly [args: string[], value: unknown])[];
  /** Arguments, and a word that the message has to have: what is wanted. */
  readonly bad: readonly (readonly [args: string[], wanted: string])[];
}

/** Switches are all alike. */
function onOff(...flags: readonly string[]): Case {
  return {
    good: flags.map((flag) => [[flag], true] as const),
    bad: flags.filter((flag) => flag.startsWith("--"))
      .flatMap((flag) => ["true", "false", "", "1"].map((value) => [[`${flag}=${value}`], flag])),
  };
}

/** Values that are bad for the same reason. */
function bad(flag: string, wanted: string, ...values: readonly string[]): Case["bad"] {
  return values.map((value) => [[flag, value], wanted]);
}

const PORTS = "0-65535";

const SECRET = "MFRG-GZDF-MZTW-Q2LK-NNWG-23TP-OBYX-E43U";

const KEY = keyText(new Uint8Array(32).fill(7));

const CASES: Readonly<Record<OptionKey, Case>> = {
  secret: {
    good: [[["--secret", SECRET], SECRET], [["--secret", "-"], "-"]],
    bad: [[["--secret"], "TEXT"]],
  },
  secretFile: { good: [[["--secret-file", "a b"], "a b"]], bad: [[["--secret-file"], "FILE"]] },
  peer: {
    good: [
      [["--peer", "192.0.2.1"], ["192.0.2.1"]],
      [["--peer=ann.example:4000, [::1]:5"], ["ann.example:4000", "[::1]:5"]],
    ],
    bad: [[["--peer", "192.0.2.1:0"], "port 0"], [["--peer", "a:b:c"], "--peer"]],
  },
  interface: { good: [[["--interface", "eth0"], "eth0"]], bad: [[["--interface", ""], "NAME"]] },
  newSecret: onOff("--new-secret"),
  acceptNewKey: onOff("--accept-new-key"),
  count: {
    good: [[["-c", "5"], 5], [["-c5"], 5], [["--count", "1"], 1]],
    bad: [[["-c"], "N"], [["-c", "0"], "from 1"], [["-c", "x"], "from 1"], [
      ["-c", "-1"],
      "from 1",
    ]],
  },
  interval: {
    good: [[["--interval", "0.2"], 0.2]],
    bad: [[["--interval", "0"], "at least"], [["--interval", "x"], "0-86400"]],
  },
  room: { good: [[["--room", "tea"], "tea"]], bad: [[["--room"], "NAME"]] },
  from: { good: [[["--from", "ann"], "ann"]], bad: [[["--from"], "NAME"]] },
  since: {
    good: [[["--since", "2d"], "2d"], [["--since=2026-01-31"], "2026-01-31"], [
      ["--since", "2026-01-31T14:00"],
      "2026-01-31T14:00",
    ]],
    bad: [[["--since"], "WHEN"], [["--since", "yesterday"], "12h"], [
      ["--since", "2026-13-01"],
      "12h",
    ]],
  },
  until: { good: [[["--until", "12h"], "12h"]], bad: [[["--until", "12"], "2026-01-31"]] },
  export: onOff("--export"),
  import: { good: [[["--import", "a b"], "a b"]], bad: [[["--import"], "FILE"]] },
  keep: {
    good: [
      [["--keep", "30d"], 2_592_000],
      [["--keep", "12h"], 43_200],
      [["--keep=90m"], 5_400],
      [["--keep", "45s"], 45],
      [["--keep", "0"], 0],
    ],
    bad: [
      [["--keep"], "TIME"],
      [["--keep", "30"], "30d, 12h"],
      [["--keep", "-1d"], "30d, 12h"],
      [["--keep", "1w"], "30d, 12h"],
    ],
  },
  keepBytes: {
    good: [[["--keep-bytes", "1G"], 1e9], [["--keep-bytes", "10k"], 1e4], [
      ["--keep-bytes=77"],
      77,
    ]],
    bad: [[["--keep-bytes"], "SIZE"], [["--keep-bytes", "1 G"], "1G, 500M"], [
      ["--keep-bytes", "G"],
      "1G, 500M",
    ]],
  },
  allow: {
    good: [[["--allow", `${KEY},${KEY}`], [parseKeyText(KEY), parseKeyText(KEY)]]],
    bad: [[["--allow"], "KEY"], [["--allow", "ann"], "52 characters"]],
  },
  allowFile: { good: [[["--allow-file", "a b"], "a b"]], bad: [[["--allow-file"], "FILE"]] },
  maxMembers: {
    good: [[["--max-members", "7"], 7]],
    bad: [[["--max-members"], "N"], [["--max-members", "0"], "from 1"]],
  },
  passphrase: onOff("--passphrase"),
  passphraseFile: {
    good: [[["--passphrase-file", "a b"], "a b"]],
    bad: [[["--passphrase-file"], "FILE"]],
  },
  with: { good: [[["--with", "ann"], "ann"]], bad: [[["--with"], "NAME"]] },
  format: {
    good: [
      [["--format", "{text}"], "{text}"],
      [["--format={name}: {text}"], "{name}: {text}"],
      [["--format", "{text}\\r\\n"], "{text}\\r\\n"],
    ],
    bad: [[["--format"], "TEMPLATE"], [["--format", ""], "TEMPLATE"], [
      ["--format", "x"],
      "{text}",
    ]],
  },
  broadcast: onOff("--broadcast"),
  to: {
    good: [[["--to", "192.168.1.255"], "192.168.1.255"]],
    bad: [
      [["--to", "::1"], "IPv4"],
      [["--to", "name"], "IPv4"],
      [["--to", "1.2.3"], "IPv4"],
      [["--to"], "ADDR"],
    ],
  },
  tcp: onOff("--tcp"),
  expectReply: onOff("--expect-reply"),
  literal: onOff("--literal"),
  letter: {
    good: [[["--letter", "e"], "e"], [["--letter", "\u{1f44d}\u{1f3fd}"], "\u{1f44d}\u{1f3fd}"]],
    bad: [[["--letter", "ee"], "one letter"], [["--letter="], "X"]],
  },
  name: {
    good: [
      [["--name", "ann"], "ann"],
      [["--name=Ann Lee"], "Ann-Lee"],
      [["--name", "007"], "007"],
      [["--name=-x"], "-x"],
      [["--name=a=b"], "a=b"],
      [["--name=true"], "true"],
    ],
    bad: [
      [["--name"], "NAME"],
      [["--name", ""], "NAME"],
      [["--name="], "NAME"],
      [["--name", " "], "1-32"],
      [["--name", "x".repeat(33)], "1-32"],
    ],
  },
  host: {
    good: [
      [["--host", "127.0.0.1"], "127.0.0.1"],
      [["--host", "::1"], "::1"],
      [["--host", "[::1]"], "::1"],
      [["--host", "fe80::1%eth0"], "fe80::1%eth0"],
      [["--host", "localhost"], "localhost"],
    ],
    bad: [
      [["--host"], "ADDR"],
      [["--host", "127.0.0.1:80"], "address without a port"],
      [["--host", "[::1]:80"], "address without a port"],
      [["--host", "a b"], "address without a port"],
    ],
  },
  ipv4: onOff("-4"),
  ipv6: onOff("-6"),
  port: {
    good: [
      [["--port", "0"], 0],
      [["--port", "65535"], 65_535],
      [["--port=5000"], 5_000],
      [["-p", "5000"], 5_000],
      [["-p5000"], 5_000],
      [["--port", "007"], 7],
      [["--port", "1", "-p", "2"], 2],
    ],
    bad: [
      ...bad(
        "--port",
        PORTS,
        "65536",
        "x",
        "1.5",
        "0x10",
        "1e3",
        "+1",
        " 5",
        "\u0665",
        "9".repeat(20),
      ),
      [["--port="], PORTS],
      [["--port"], PORTS],
      [["--port=-5"], PORTS],
      [["-p"], PORTS],
      [["--port", "--json"], PORTS],
    ],
  },
  home: {
    good: [[["--home", "/tmp/x y"], "/tmp/x y"], [["--home=."], "."]],
    bad: [[["--home"], "DIR"], [["--home="], "DIR"]],
  },
  ephemeral: onOff("--ephemeral"),
  json: onOff("--json"),
  commands: onOff("--commands"),
  stay: onOff("--stay"),
  timeout: {
    good: [
      [["--timeout", "0"], 0],
      [["--timeout", "1.5"], 1.5],
      [["--timeout", "86400"], 86_400],
      [["--timeout=010"], 10],
    ],
    bad: [
      ...bad("--timeout", "0-86400", "86401", "x", "1e3", "Infinity", "NaN", ".5", "5s", "0x10"),
      [["--timeout=-1"], "0-86400"],
      [["--timeout"], "SECONDS"],
    ],
  },
  quiet: onOff("--quiet", "-q"),
  verbose: onOff("--verbose", "-v"),
  color: { good: [[["--no-color"], false]], bad: [[["--no-color=false"], "--"]] },
  sim: {
    good: [
      [["--sim", "loss=10,delay=50"], { loss: 10, delay: 50 }],
      [["--sim=jitter=1,dup=2,reorder=3,seed=7"], { jitter: 1, dup: 2, reorder: 3, seed: 7 }],
    ],
    bad: [
      [["--sim"], "SPEC"],
      [["--sim", "loss"], "loss=NUMBER with 0-100"],
      [["--sim", "loss=101"], "0-100"],
      [["--sim", "x=1"], "loss, delay"],
      [["--sim", "__proto__=1"], "loss, delay"],
      [["--sim", "loss=1,"], "loss, delay"],
    ],
  },
  version: onOff("--version", "-V"),
  help: onOff("--help", "-h"),
};

Deno.test("parse() takes every option that is good, before and after the words", () => {
  for (const [key, { good }] of Object.entries(CASES)) {
    assert(good.length > 0, key);
    for (const [args, value] of good) {
      const options = { [key]: value };
      assertEquals(parse(args), { words: [], options }, args.join(" "));
      assertEquals(parse([...args, "--", "plain"]), { words: ["plain"], options });
      assertEquals(parse(["plain", "x:1", ...args]), { words: ["plain", "x:1"], options });
      assertEquals(parse([...args, "plain"]), { words: ["plain"], options }, args.join(" "));
    }
  }
});

Deno.test("parse() refuses every value that is bad and says what is wanted", () => {
  for (const [key, { bad }] of Object.entries(CASES)) {
    for (const [args, wanted] of bad) {
      const why = `${key}: ${JSON.stringify(args)}`;
      const { message } = assertThrows(() => parse(args), UsageError, undefined, why);
      assertStringIncludes(message, wanted, why);
      assert(!message.endsWith("."), why);
    }
  }
});

Deno.test("parse() refuses a value of a short switch as well", () => {
  for (const arg of ["-q=false", "-4=5", "-h=x", "-v=", "-V=1", "-qv=true"]) {
    assertThrows(() => parse([arg]), UsageError, undefined, arg);
  }
});

Deno.test("parse() takes a value that begins with a dash for a bad value, and says what is wanted", () => {
  for (const args of [["--port", "-5"], ["-p", "-1"], ["--timeout", "-1"]]) {
    const { message } = assertThrows(() => parse(args), UsageError);
    assertMatch(message, /0-65535|0-86400|SECONDS/, args.join(" "));
  }
});

Deno.test("parse() leaves words as they were written", () => {
  const table: readonly (readonly [args: string[], words: string[]])[] = [
    [["--no-color", "x"], ["x"]],
    [["history", "007"], ["history", "007"]],
    [["history", "1e3", "0x10", "1.0", "+5"], ["history", "1e3", "0x10", "1.0", "+5"]],
    [["join", "-"], ["join", "-"]],
    [["-q", "007"], ["007"]],
    [["--json", "x", "--stay", "y"], ["x", "y"]],
    [["", " "], ["", " "]],
    [["a=b", "x:1", "__proto__", "constructor"], ["a=b", "x:1", "__proto__", "constructor"]],
    [["--", "--json", "-x", "--", "--name"], ["--json", "-x", "--", "--name"]],
    [["a", "--", "b", "--"], ["a", "b", "--"]],
    [["\u{1f44d}", "\u6f22"], ["\u{1f44d}", "\u6f22"]],
  ];
  for (const [args, words] of table) assertEquals(parse(args).words, words, args.join(" "));
});

Deno.test("parse() does not take the words true and false for values of switches", () => {
  for (const word of ["true", "false"]) {
    for (const flag of ["--json", "-q", "-4", "--no-color"]) {
      const { words, options } = parse([flag, word]);
      assertEquals([words, Object.keys(options).length], [[word], 1], `${flag} ${word}`);
    }
  }
});

Deno.test("parse() takes short options together", () => {
  assertEquals(parse(["-qv4"]).options, { quiet: true, verbose: true, ipv4: true });
  assertEquals(parse(["-4p5000"]).options, { ipv4: true, port: 5_000 });
  assertEquals(parse(["-4qp", "5000"]).options, { ipv4: true, quiet: true, port: 5_000 });
  assertEquals(parse(["-qp5000"]).options, { quiet: true, port: 5_000 });
});

Deno.test("parse() refuses -4 and -6 together", () => {
  for (const args of [["-46"], ["-4", "-6"], ["-6", "plain", "-4"]]) {
    assertThrows(() => parse(args), UsageError, "-4 and -6 together");
  }
});

Deno.test("parse() names the nearest option there is", () => {
  const table: readonly (readonly [arg: string, hint: string | undefined])[] = [
    ["--prot", "--port"],
    ["--jsno", "--json"],
    ["--no-colour", "--no-color"],
    ["--expect-replies", "--expect-reply"],
    ["--verbos", "--verbose"],
    ["--prot=5000", "--port"],
    ["--xyzzyxyzzy", undefined],
    ["-x", undefined],
    ["---", undefined],
    ["--no-", "--no-color"],
    ["--__proto__", undefined],
    ["--constructor", undefined],
    ["--toString=1", undefined],
    ["--__proto__.x=1", undefined],
  ];
  for (const [arg, hint] of table) {
    const { message } = assertThrows(() => parse([arg]), UsageError, "Unknown option");
    assertEquals(/did you mean (\S+)\?/.exec(message)?.[1], hint, arg);
    assert(!message.includes("5000"), "the value does not matter");
  }
  assertEquals(({} as { x?: unknown }).x, undefined, "no prototype was touched");
});

Deno.test("parse() refuses the option --_, which parseArgs trips over", () => {
  for (const args of [["--_", "x"], ["--_=x"], ["-_"], ["-q_"], ["--_.x", "1"], ["--no-_"]]) {
    assertThrows(() => parse(args), UsageError, "Unknown option", args.join(" "));
  }
});

Deno.test("parse() throws nothing but UsageError for 100,000 random command lines", () => {
  const random = seededRandom(2410),
    pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  const flags = OPTION_LIST.flatMap((
    [, spec],
  ) => [optionName(spec), `-${spec.short ?? spec.flag}`]);
  const pieces = [...flags, "--", "-", "=", "-p", "_", "--_", ".", "__proto__", "constructor"]
    .concat([
      "no-",
      "--no-",
      "5",
      "x",
      "",
      " ",
      "true",
      "false",
      "\u{1f44d}",
      "\ud800",
      "\n",
      "{text}",
    ])
    .concat(["plain", "loss=5", "1.2.3.4", "::1", "-5", "/", "0x1", "{}", "[", "\0"]);
  const odd: string[] = [];
  for (let round = 0; round < 100_000 && odd.length < 5; round++) {
    const args = Array.from(
      { length: Math.floor(random() * 5) },
      () => Array.from({ length: 1 + Math.floor(random() * 2.5) }, () => pick(pieces)).join(""),
    );
    try {
      const { words, options } = parse(args);
      const known = Object.keys(options).every((key) => Object.hasOwn(OPTIONS, key));
      if (!known || words.some((word) => typeof word !== "string")) odd.push(JSON.stringify(args));
    } catch (error) {
      if (!(error instanceof UsageError)) odd.push(`${JSON.stringify(args)}: ${error}`);
    }
  }
  assertEquals(odd, []);
});

Deno.test("OPTIONS has no flag twice, and a reader for each value", () => {
  const names = OPTION_LIST.flatMap(([, spec]) =>
    spec.short ? [spec.flag, spec.short] : [spec.flag]
  );
  assertEquals(new Set(names).size, names.length);
  for (const [key, spec] of OPTION_LIST) {
    assertEquals(spec.value !== undefined, spec.read !== undefined, key);
    assert(!spec.help.endsWith("."), key);
    assertMatch(optionName(spec), /^(--[a-z]+(-[a-z]+)*|-\d)$/);
  }
});

Deno.test("bindingOf() says where to bind", () => {
  const table: readonly (readonly [Options, ReturnType<typeof bindingOf>])[] = [
    [{}, { host: undefined, family: undefined }],
    [{ ipv4: true }, { host: undefined, family: 4 }],
    [{ ipv6: true, host: "::1" }, { host: "::1", family: 6 }],
  ];
  for (const [options, binding] of table) assertEquals(bindingOf(options), binding);
});
