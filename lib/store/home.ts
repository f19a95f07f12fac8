/**
 * The home directory of a profile: its slots, each with a lock and keys of its own. Two programs at
 * the same time are two slots; the first is kept for whoever is alone.
 *
 * @module
 */

/** Only the owner may look into the directory. */
const DIRECTORY_MODE = 0o700;
/** Only the owner may read the files. */
const FILE_MODE = 0o600;
/** Programs of one profile at once (our choice). */
const MAX_SLOTS = 64;
/** The first line of a key file. */
const HEADER = "udpchat keys 1";

/** Seeds from which the keys of a profile are made, 32 bytes each. */
export interface Seeds {
  /** Of the Ed25519 identity. */
  readonly identity: Uint8Array;
  /** Of the X25519 static key. */
  readonly static: Uint8Array;
}

/** A slot that this program holds. */
export interface Slot {
  /** 1 for the first. */
  readonly number: number;
  readonly seeds: Seeds;
  /** Gives the slot back. */
  release(): void;
}

/**
 * Takes the first free slot of a home, and makes its keys where there are none.
 *
 * @param home The directory; made where it is missing.
 * @param random Gives random bytes for new keys.
 * @param most How many programs may use the home at once.
 * @returns The slot.
 * @throws {Error} If the directory cannot be used, or a key file is damaged.
 */
export async function takeSlot(
  home: string,
  random: (length: number) => Uint8Array,
  most: number = MAX_SLOTS,
): Promise<Slot> {
  await Deno.mkdir(home, { recursive: true, mode: DIRECTORY_MODE });
  for (let number = 1; number <= most; number++) {
    const lock = await Deno.open(`${home}/${fileName("lock", number)}`, {
      create: true,
      write: true,
      mode: FILE_MODE,
    });
    if (await lock.tryLock(true)) {
      try {
        const seeds = await loadSeeds(home, number) ?? await makeSeeds(home, number, random);
        return { number, seeds, release: () => lock.close() };
      } catch (error) {
        lock.close();
        throw error;
      }
    }
    lock.close();
  }
  const users = most === 1 ? "another program uses" : `${most} programs use`;
  throw new Error(`Cannot use ${home} as ${users} it already`);
}

/**
 * Reads the keys of a slot without taking it.
 *
 * @param home The directory.
 * @param number The slot.
 * @returns The seeds, or undefined where there are none yet.
 * @throws {Error} If the file is damaged.
 */
export async function loadSeeds(home: string, number: number): Promise<Seeds | undefined> {
  const path = `${home}/${fileName("keys", number)}`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const [header, first = "", second = ""] = text.split("\n");
  const identity = fromHex(first), fixed = fromHex(second);
  if (header !== HEADER || !identity || !fixed) {
    throw new Error(
      `Cannot read the keys in ${path}: the file is damaged; move it away for new keys`,
    );
  }
  return { identity, static: fixed };
}

async function makeSeeds(
  home: string,
  number: number,
  random: (length: number) => Uint8Array,
): Promise<Seeds> {
  const seeds = { identity: random(32), static: random(32) };
  const draft = await Deno.makeTempFile({ dir: home, prefix: ".keys-" });
  const text = `${HEADER}\n${toHex(seeds.identity)}\n${toHex(seeds.static)}\n`;
  try {
    await Deno.writeTextFile(draft, text, { mode: FILE_MODE });
    await Deno.rename(draft, `${home}/${fileName("keys", number)}`);
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    throw error;
  }
  return seeds;
}

function fileName(kind: string, number: number): string {
  return number === 1 ? kind : `${kind}-${number}`;
}

function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{64}$/.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
