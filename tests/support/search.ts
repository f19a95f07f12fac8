/**
 * Looks for words in files and in the memory of processes, however they may be written there.
 *
 * @module
 */

/** So much is looked at together. */
const CHUNK_BYTES = 1_048_576;

/** Each byte one character: strings are searched many times faster than bytes. */
const decoder = new TextDecoder("latin1");

/** How a word of ASCII may be written, by name: in UTF-8 and UTF-16, and in base64. */
function spellings(word: string): [name: string, spelled: string][] {
  const found: [string, string][] = [["UTF-8", word], ["UTF-16", [...word].join("\0")]];
  for (const before of [0, 1, 2]) {
    // Whatever stands around it: the characters that are its own alone.
    const text = btoa("\0".repeat(before) + word), bits = 8 * (before + word.length);
    found.push([`base64 ${before}`, text.slice(Math.ceil(before * 8 / 6), Math.floor(bits / 6))]);
  }
  return found;
}

/** Looks for some words. */
function searchFor(words: readonly string[]): (bytes: Uint8Array) => string[] {
  const wanted = words.flatMap((word) =>
    spellings(word).map(([how, spelled]) => [`${word} in ${how}`, spelled] as const)
  );
  return (bytes) => {
    const text = decoder.decode(bytes);
    return wanted.filter(([, spelled]) => text.includes(spelled)).map(([name]) => name);
  };
}

/** Which words are written somewhere in a directory or below, and where and how. */
export async function foundInFiles(path: string, words: readonly string[]): Promise<string[]> {
  if (!(await Deno.stat(path)).isDirectory) {
    return searchFor(words)(await Deno.readFile(path)).map((what) => `${what}: ${path}`);
  }
  const found: string[] = [];
  for await (const { name } of Deno.readDir(path)) {
    found.push(...await foundInFiles(`${path}/${name}`, words));
  }
  return found;
}

/** The pieces of a process's memory that it may write to and that are there, as Linux tells them. */
async function piecesOf(pid: number): Promise<{ start: number; end: number }[]> {
  const pieces: { start: number; end: number }[] = [];
  const map = await Deno.readTextFile(`/proc/${pid}/smaps`);
  for (const part of map.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [, start = "", end = "", rights = ""] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(part) ?? [];
    if (!rights.startsWith("rw") || /^Rss:\s+0 kB$/m.test(part) || part.includes("[v")) continue;
    pieces.push({ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) });
  }
  return pieces;
}

/**
 * Which words are written somewhere in the memory of another process. It is best stopped meanwhile.
 *
 * @param pid Its number.
 * @param words What to look for.
 */
export async function foundInMemory(pid: number, words: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>(), chunk = new Uint8Array(CHUNK_BYTES), search = searchFor(words);
  const overlap = 2 * Math.max(...words.map((word) => word.length)) + 8;
  using memory = await Deno.open(`/proc/${pid}/mem`);
  for (const { start, end } of await piecesOf(pid)) {
    for (let at = start; at < end; at += CHUNK_BYTES - overlap) {
      await memory.seek(at, Deno.SeekMode.Start);
      // A piece may end in what cannot be read.
      const size = await memory.read(chunk.subarray(0, Math.min(CHUNK_BYTES, end - at)))
        .catch(() => 0);
      const bytes = chunk.subarray(0, size ?? 0);
      for (const what of search(bytes)) found.add(what);
      if (end - at <= CHUNK_BYTES) break;
    }
  }
  return found;
}
