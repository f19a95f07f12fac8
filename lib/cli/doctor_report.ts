/**
 * Shows what `doctor` found: lines that were asked for on standard output, or notices as JSON.
 *
 * @module
 */

import { printable } from "../chat/printable.ts";
import { makeTheme, type Theme } from "../terminal/theme.ts";
import { wrap } from "../terminal/wrap.ts";
import type { Advice } from "./doctor_advice.ts";
import type { Finding } from "./doctor_words.ts";
import { wantsColour } from "./front.ts";
import type { Host } from "./host.ts";
import type { Options } from "./options.ts";
import type { Reporter } from "./report.ts";

/** Where lines end that nobody sees on a terminal. */
const WIDTH = 79;
/** Narrower than this a line is not cut (our choice). */
const MIN_WIDTH = 20;

/** What stands in front of a finding. */
const MARKS: Readonly<Record<Finding["level"], string>> = {
  info: "ok    ",
  warning: "note  ",
  error: "FAIL  ",
};

/** All that is to be said. */
export interface DoctorReport {
  readonly findings: readonly Finding[];
  readonly verdict: Finding;
  readonly advice: readonly Advice[];
}

/**
 * Shows everything.
 *
 * @param host The world.
 * @param options `json`, `quiet`.
 * @param reporter For JSON.
 * @param report What is to be said.
 */
export function reportDoctor(
  host: Host,
  options: Options,
  reporter: Reporter,
  report: DoctorReport,
): void {
  if (options.json) return reportNotices(reporter, report);
  const { output } = host.console;
  const width = output.isTerminal ? Math.max(MIN_WIDTH, host.console.size().columns - 1) : WIDTH;
  const theme = makeTheme(wantsColour(host, options, output.isTerminal));
  const lines = doctorLines(report, { width, quiet: options.quiet ?? false, theme });
  output.push(lines.map((line) => `${line}\n`).join(""));
}

function reportNotices(reporter: Reporter, { findings, verdict, advice }: DoctorReport): void {
  for (const { level, code, text, details } of [...findings, verdict]) {
    const all = [text, ...details].join(code === "verdict" ? " " : "; ");
    reporter.report({ event: "notice", level, code, text: all });
  }
  for (const { text, commands } of advice) {
    const all = [text, ...commands.map((command) => `  ${command}`)].join("\n");
    reporter.report({ event: "notice", level: "info", code: "advice", text: all });
  }
}

/**
 * The lines for a person.
 *
 * @param report What is to be said.
 * @param manner How wide, without what is well, and in which colours.
 */
export function doctorLines(
  { findings, verdict, advice }: DoctorReport,
  { width, quiet, theme }: { width: number; quiet: boolean; theme: Theme },
): string[] {
  const shown = findings.filter((each) => !quiet || each.level !== "info");
  const paint = ({ level }: Finding) => (line: string) =>
    level === "info" ? line : theme[level](line);
  const found = shown.flatMap((each) => [
    ...folded(MARKS[each.level], each.text, width).map(paint(each)),
    ...each.details.flatMap((line) => folded("        ", line, width, "  ")),
  ]);
  const verdicts = [verdict.text, ...verdict.details].flatMap((line) => folded("", line, width));
  return [
    ...found,
    ...(found.length > 0 ? [""] : []),
    ...verdicts.map(paint(verdict)),
    ...(advice.length > 0 ? ["", "What to do:"] : []),
    ...advice.flatMap(({ text, commands }) => [
      ...folded("- ", text, width),
      ...commands.map((command) => `    ${printable(command)}`),
    ]),
  ];
}

/** Cuts a line between words; what is cut off stands below the beginning of the text, or deeper. */
function folded(head: string, text: string, width: number, deeper = ""): string[] {
  const indent = " ".repeat(head.length) + deeper;
  return wrap(printable(text), (line) => indent.length + line.length <= width)
    .map((line, at) => `${at === 0 ? head : indent}${line}`);
}
