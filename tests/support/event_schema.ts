/**
 * The events of `--json`, as the table in docs has them: each field, nothing else, and its type.
 *
 * @module
 */

/** Says what is wrong with a value, or nothing. */
type Check = (value: unknown) => string | undefined;

type Shape = Readonly<Record<string, Check>>;

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const text: Check = (value) => typeof value === "string" ? undefined : "no string";
const filled: Check = (value) => typeof value === "string" && value !== "" ? undefined : "no text";
const bool: Check = (value) => typeof value === "boolean" ? undefined : "no boolean";
const number: Check = (value) =>
  typeof value === "number" && Number.isFinite(value) && value >= 0
    ? undefined
    : "no number from 0 on";
const whole: Check = (value) => Number.isInteger(value) ? number(value) : "no whole number";
const time: Check = (value) =>
  typeof value === "string" && ISO_TIME.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : "no ISO 8601 time in UTC with milliseconds";
const oneOf = (...words: readonly string[]): Check => (value) =>
  words.some((word) => word === value) ? undefined : `none of ${words.join(", ")}`;
const orNull = (check: Check): Check => (value) => value === null ? undefined : check(value);
const port: Check = (value) =>
  whole(value) ?? ((value as number) <= 65_535 ? undefined : "no port 0-65535");
const host: Check = (value) =>
  filled(value) ??
    (/^::ffff:\d|^\[/i.test(value as string) ? "no canonical address" : undefined);
const object = (shape: Shape): Check => (value) => problemsOf(value, shape)[0];

const address = object({ host, port });
const key = orNull(filled);
const person = object({ name: text, key });

/** Each event with the fields beyond `event` and `time`. */
const EVENTS: Readonly<Record<string, Shape>> = {
  ready: { mode: filled, address, key },
  message: {
    id: filled,
    room: text,
    from: object({ name: text, key, address: orNull(address) }),
    text,
    sent: time,
    self: bool,
    private: bool,
    history: bool,
  },
  status: {
    id: filled,
    state: oneOf("sent", "stored", "delivered", "failed"),
    by: key,
    reason: orNull(text),
  },
  presence: {
    who: person,
    state: oneOf("here", "away", "gone", "renamed"),
    old: orNull(text),
  },
  link: {
    peer: (value) => text(value) === undefined ? undefined : person(value),
    rtt_ms: orNull(number),
    jitter_ms: orNull(number),
    loss: orNull(number),
    mtu: orNull(whole),
    address,
  },
  invite: { link: filled },
  notice: { level: oneOf("info", "warning", "error"), code: filled, text },
  end: { reason: filled, exit: whole },
};

/** Exit statuses that the table of the command line has. */
const STATUSES = [0, 1, 2, 3, 4, 129, 130, 143];

/**
 * Checks one event against the table.
 *
 * @param value A parsed line of output.
 * @returns What is wrong with it, one text for each problem; empty where nothing is.
 */
export function checkEvent(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return ["no object"];
  const name = (value as { event?: unknown }).event;
  if (typeof name !== "string" || !Object.hasOwn(EVENTS, name)) {
    return [`event: none of ${Object.keys(EVENTS).join(", ")}`];
  }
  const problems = problemsOf(value, { event: filled, time, ...EVENTS[name] });
  if (problems.length > 0) return problems;
  const { state, old, exit } = value as { state?: unknown; old?: unknown; exit?: number };
  const { history, from } = value as { history?: boolean; from?: { address: unknown } };
  // Where a message came from is not remembered.
  if (from?.address === null && !history) problems.push("from: address: null, though live");
  if (name === "presence" && state === "renamed" && old === null) {
    problems.push("old: null, though renamed");
  }
  if (name === "end" && !STATUSES.includes(exit ?? -1)) problems.push(`exit: unknown ${exit}`);
  return problems;
}

/**
 * Checks all that a program wrote with `--json`: each line an event, `ready` first, `end` last.
 *
 * @param output Standard output.
 * @returns What is wrong, each with the number of its line.
 */
export function checkEvents(output: string): string[] {
  if (output === "") return ["no event"];
  if (!output.endsWith("\n")) return ["no line end at the end"];
  const lines = output.slice(0, -1).split("\n"), names: unknown[] = [];
  const problems = lines.flatMap((line, at) => {
    try {
      const event = JSON.parse(line);
      names.push(event?.event);
      return checkEvent(event).map((problem) => `line ${at + 1}: ${problem}`);
    } catch (error) {
      return [`line ${at + 1}: no JSON (${(error as Error).message}): ${line}`];
    }
  });
  const ready = names.indexOf("ready"), end = names.indexOf("end");
  if (ready > 0) problems.push("ready is not the first event");
  if (end >= 0 && end < names.length - 1) problems.push("end is not the last event");
  return problems;
}

function problemsOf(value: unknown, shape: Shape): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return ["no object"];
  const fields = value as Record<string, unknown>, problems: string[] = [];
  for (const [field, check] of Object.entries(shape)) {
    const problem = Object.hasOwn(fields, field) ? check(fields[field]) : "missing";
    if (problem !== undefined) problems.push(`${field}: ${problem}`);
  }
  for (const field of Object.keys(fields)) {
    if (!Object.hasOwn(shape, field)) problems.push(`${field}: unknown field`);
  }
  return problems;
}
