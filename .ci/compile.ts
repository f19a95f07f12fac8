/**
 * Compiles the program: exactly one executable for this machine, `dist/udpchat`, or one for each
 * target that is named, and a file with the SHA-256 of each. Called by `deno task compile`.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);
const DIST = new URL("dist/", ROOT);

/** Targets of `deno compile`. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
];

/** What the program reads of the environment. */
const ENVIRONMENT = [
  ...["UDPCHAT_NAME", "UDPCHAT_HOME", "NO_COLOR", "TERM"],
  ...["HOME", "XDG_STATE_HOME", "LOCALAPPDATA", "USER", "LOGNAME", "USERNAME"],
];

/** Network, its own files, the names above, the interfaces; neither programs nor libraries. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  `--allow-env=${ENVIRONMENT.join(",")}`,
  "--allow-sys=networkInterfaces,userInfo,uid,gid",
  "--no-prompt",
];

/**
 * Compiles for one target.
 *
 * @param target A target of `deno compile`, or undefined for this machine.
 * @returns The path of the executable.
 */
async function compile(target: string | undefined): Promise<URL> {
  const windows = target?.includes("windows") ?? Deno.build.os === "windows";
  const name = `udpchat${target ? `-${target}` : ""}${windows ? ".exe" : ""}`;
  const output = new URL(name, DIST);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      "--unstable-net",
      ...PERMISSIONS,
      ...(target ? ["--target", target] : []),
      "--output",
      path(output),
      "main.ts",
    ],
    cwd: path(ROOT),
    stdin: "null",
  }).output().then((result) => {
    if (!result.success) fail(new TextDecoder().decode(result.stderr));
    return result;
  });
  if (code !== 0) fail(`deno compile ended with ${code}`);
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(output));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  await Deno.writeTextFile(new URL(`${name}.sha256`, DIST), `${hex}  ${name}\n`);
  return output;
}

function path(url: URL): string {
  return decodeURIComponent(Deno.build.os === "windows" ? url.pathname.slice(1) : url.pathname);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function fail(text: string): never {
  Deno.stderr.writeSync(new TextEncoder().encode(`compile: ${text.trim()}\n`));
  Deno.exit(1);
}

for (const target of Deno.args) {
  if (!TARGETS.includes(target)) fail(`unknown target ${target}: wanted ${TARGETS.join(", ")}`);
  if (Deno.env.get("DENORT_BIN") && target !== Deno.build.target) {
    fail(`DENORT_BIN is set, so ${target} would silently become ${Deno.build.target}: unset it`);
  }
}
await Deno.remove(DIST, { recursive: true }).catch(() => {});
await Deno.mkdir(DIST);
for (const target of Deno.args.length === 0 ? [undefined] : Deno.args) {
  const output = await compile(target);
  const { size } = await Deno.stat(output);
  say(`${path(output).slice(path(ROOT).length)}  ${(size / 1e6).toFixed(0)} MB`);
}
