/**
 * Messages of the past as lines.
 *
 * @module
 */

/** What is shown of a message. */
export interface PastMessage {
  readonly name: string;
  readonly text: string;
  /** In ms since 1970. */
  readonly sent: number;
  /** It was for one person. */
  readonly private?: boolean;
}

/**
 * One line for each message, with its date and time here.
 *
 * @param messages The messages, in the order in which they are to be shown.
 * @returns Lines; those of a text with several begin with two spaces.
 */
export function historyLines(messages: readonly PastMessage[]): string[] {
  return messages.flatMap(({ name, text, sent, private: alone }) => {
    const [first = "", ...more] = text.split("\n");
    return [
      `${localTime(sent)} ${name}${alone ? " (private)" : ""}: ${first}`,
      ...more.map((line) => `  ${line}`),
    ];
  });
}

/**
 * `2026-01-31 14:05`, in the time zone of this machine.
 *
 * @param ms Time in ms since 1970.
 */
export function localTime(ms: number): string {
  const at = new Date(Math.min(ms, 8.64e15)), two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
    `${two(at.getHours())}:${two(at.getMinutes())}`;
}
