/**
 * What to do when nobody else is on a network: commands to copy. Pure.
 *
 * @module
 */

import type { Options } from "./options.ts";
import type { Reach } from "./reach.ts";

/**
 * What the others type.
 *
 * @param reach How we can be reached.
 * @param options What was asked for here.
 * @returns Text of several lines. A secret is not in it: it is asked for there.
 */
export function aloneText({ where, local }: Reach, options: Options): string {
  const { room, secret, secretFile, passphrase, passphraseFile, host } = options;
  const command = [
    "udpchat lan",
    // Elsewhere interfaces and addresses are others.
    local && host !== undefined ? flag("host", host) : "",
    local && options.interface !== undefined ? flag("interface", options.interface) : "",
    room === undefined ? "" : flag("room", room),
    passphrase || passphraseFile !== undefined
      ? "--passphrase"
      : secretFile !== undefined
      ? flag("secret-file", secretFile)
      : secret !== undefined
      ? "--secret -"
      : "",
  ].filter(Boolean).join(" ");
  const place = local
    ? "in another terminal of this machine"
    : "on another machine of this network";
  const peer = local || where === undefined
    ? []
    : ["or, where the network blocks multicast,", `  ${command} ${flag("peer", where)}`];
  return [
    `nobody else is here yet; ${place} run`,
    `  ${command}`,
    ...peer,
    "What you type is kept for whoever comes.",
  ].join("\n");
}

/** An option with its value, as a shell takes it; a value that looks like an option is joined to it. */
function flag(name: string, value: string): string {
  return `--${name}${value.startsWith("-") ? "=" : " "}${quoted(value)}`;
}

/** Some shells take brackets and other marks for patterns. */
function quoted(value: string): string {
  return /^[\w.:/@%+,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
