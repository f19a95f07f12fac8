/**
 * Chooses between screen, lines and JSON, and finds out what the person is called.
 *
 * @module
 */

import { anyName } from "../chat/name.ts";
import { defaultHome, loadName, saveName } from "../store/profile.ts";
import type { Screen } from "../terminal/screen.ts";
import { makeTheme, type Theme } from "../terminal/theme.ts";
import type { Host } from "./host.ts";
import type { Options } from "./options.ts";
import { type Reporter, StreamReporter } from "./report.ts";
import { ScreenReporter } from "./screen_report.ts";

/** What a person sees, and where they type if they do. */
export interface Front {
  /** Shows what happens. */
  readonly reporter: Reporter;
  /** How things look there. */
  readonly theme: Theme;
  /** Where somebody types; undefined where input is a pipe. */
  readonly screen: Screen | undefined;
}

/**
 * Whether colours may be written to an output (https://no-color.org).
 *
 * @param host The world.
 * @param options What was asked for.
 * @param isTerminal Whether the output is a terminal.
 * @returns True for colours.
 */
export function wantsColour(host: Host, options: Options, isTerminal: boolean): boolean {
  const term = host.env("TERM");
  return isTerminal && options.color !== false && !host.env("NO_COLOR") && term !== "dumb";
}

/**
 * Opens the front: a screen where a person sits at both ends, else lines or JSON.
 *
 * @param host The world.
 * @param options What was asked for.
 * @param complete What Tab offers; used with a screen.
 * @param interactive Whether the command reads standard input at all.
 * @returns The front.
 */
export async function openFront(
  host: Host,
  options: Options,
  interactive: boolean,
  complete?: (line: string) => [string[], string],
): Promise<Front> {
  const { console, clock } = host;
  if (!interactive || !hasScreen(host, options)) {
    const theme = makeTheme(wantsColour(host, options, console.error.isTerminal));
    return {
      reporter: new StreamReporter(console, clock, theme, options),
      theme,
      screen: undefined,
    };
  }
  const theme = makeTheme(wantsColour(host, options, true));
  const { Screen } = await import("../terminal/screen.ts"); // Only a terminal needs readline.
  const screen = new Screen(console, {
    turn: () => clock.turn(),
    dim: theme.notice,
    ...(complete ? { complete } : {}),
  });
  return { reporter: new ScreenReporter(screen, clock, theme, options), theme, screen };
}

/**
 * Whether somebody sits at a terminal, and sees a screen.
 *
 * @param host The world.
 * @param options `json`.
 */
export function hasScreen({ console: { input, output } }: Host, options: Options): boolean {
  return !options.json && input.isTerminal && output.isTerminal;
}

/**
 * Where files are kept.
 *
 * @param host The world.
 * @param options What was asked for.
 * @returns The directory, or undefined where nothing is to be kept.
 */
export function homeOf(host: Host, options: Options): string | undefined {
  return options.ephemeral ? undefined : options.home ?? defaultHome((name) => host.env(name));
}

/**
 * What the person is called: as asked for, else `UDPCHAT_NAME`, the saved name, the login name.
 *
 * @param host The world.
 * @param options What was asked for.
 * @returns A name that fits.
 */
export async function nameOf(host: Host, options: Options): Promise<string> {
  if (options.name !== undefined) return options.name;
  const fromEnv = host.env("UDPCHAT_NAME");
  if (fromEnv) return anyName(fromEnv);
  const home = homeOf(host, options);
  const saved = home === undefined ? undefined : await loadName(home);
  return anyName(saved ?? await loginName(host));
}

/**
 * Saves a name that the person gave themselves, for the next time.
 *
 * @param home Where to; undefined where nothing is kept.
 * @param name The name.
 * @returns What to tell the person where that fails; else nothing.
 */
export function keepName(home: string | undefined, name: string): string[] {
  if (home === undefined) return [];
  try {
    saveName(home, name);
    return [];
  } catch {
    return [`the name is for this run only, as ${home} cannot be written`];
  }
}

async function loginName(host: Host): Promise<string> {
  const login = host.env("USER") || host.env("LOGNAME") || host.env("USERNAME");
  if (login) return login;
  try {
    const { userInfo } = await import("node:os");
    return userInfo().username;
  } catch {
    return ""; // An account without a name, as in some containers.
  }
}
