/**
 * What is kept about oneself in the home directory: the name.
 *
 * @module
 */

/** The file with the name. */
const NAME_FILE = "name";

/** Only the owner may look into the directory. */
const DIRECTORY_MODE = 0o700;
/** Only the owner may read the files. */
const FILE_MODE = 0o600;

/** Longest file that is read, in bytes: 32 grapheme clusters fit (our choice). */
const MAX_BYTES = 4_096;

/**
 * Where the program keeps its files: `UDPCHAT_HOME`, else the platform's state directory.
 *
 * @param env Reads a variable of the environment.
 * @returns The directory, or undefined where the environment names none.
 */
export function defaultHome(env: (name: string) => string | undefined): string | undefined {
  const own = env("UDPCHAT_HOME");
  if (own) return own;
  if (Deno.build.os === "windows") return below(env("LOCALAPPDATA"), "udpchat");
  const home = env("HOME");
  if (Deno.build.os === "darwin") return below(home, "Library/Application Support/udpchat");
  return below(env("XDG_STATE_HOME") || below(home, ".local/state"), "udpchat");
}

function below(directory: string | undefined, name: string): string | undefined {
  return directory ? `${directory}/${name}` : undefined;
}

/**
 * The saved name.
 *
 * @param home The directory.
 * @returns The name, or undefined where none was saved or it cannot be read.
 */
export async function loadName(home: string): Promise<string | undefined> {
  try {
    const path = `${home}/${NAME_FILE}`;
    if ((await Deno.stat(path)).size > MAX_BYTES) return undefined;
    return (await Deno.readTextFile(path)).trim() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Saves the name, before it returns: the program may be left at once. The old file stays whole until
 * the new one is.
 *
 * @param home The directory; made where it is missing.
 * @param name The name.
 * @throws {Error} If the directory or the file cannot be written.
 */
export function saveName(home: string, name: string): void {
  Deno.mkdirSync(home, { recursive: true, mode: DIRECTORY_MODE });
  const path = `${home}/${NAME_FILE}`;
  const draft = Deno.makeTempFileSync({ dir: home, prefix: `.${NAME_FILE}-` });
  try {
    Deno.writeTextFileSync(draft, `${name}\n`, { mode: FILE_MODE });
    Deno.renameSync(draft, path);
  } catch (error) {
    try {
      Deno.removeSync(draft);
    } catch {
      // It is gone, or cannot be removed either: what went wrong first is what counts.
    }
    throw error;
  }
}
