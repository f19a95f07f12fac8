/**
 * Where a datagram comes from or goes to, in one canonical spelling.
 *
 * Pure: no look-ups, no sockets. Host names are resolved in `lib/net/resolve.ts`; what stands
 * here works on literal addresses and on the way addresses are written.
 *
 * @module
 */

/** An IP address and a port, as seen by a socket. */
export interface Address {
  /** A literal IPv4 or IPv6 address in canonical form, with `%scope` if link-local. */
  readonly host: string;
  /** The UDP or TCP port, 0–65535. */
  readonly port: number;
}

/** A host as a person wrote it, perhaps a name, with the port if one was given. */
export interface Target {
  /** A name or a literal address, without the brackets around IPv6. */
  readonly host: string;
  /** The port, where one was given. */
  readonly port?: number;
}

/** Highest port number (RFC 768: 16 bits). */
export const MAX_PORT = 65_535;

/** Longest host name of the domain name system in characters (RFC 1035 §2.3.4). */
const MAX_HOST_NAME = 253;

/** Four numbers 0-255 without leading zeros, as `inet_pton` reads them. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

const MAPPED_V4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The one spelling of a literal address that everything else compares and prints: lower case,
 * zeros compressed (RFC 5952), and an IPv4 address never as `::ffff:…`.
 *
 * @param host A literal IPv4 or IPv6 address, with or without `%scope`.
 * @returns The canonical spelling; anything that is no literal address is returned as it is.
 *
 * @example
 * ```ts
 * import { canonicalHost } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(canonicalHost("::ffff:192.0.2.7"), "192.0.2.7");
 * assertEquals(canonicalHost("FE80:0:0:0:0:0:0:1%eth0"), "fe80::1%eth0");
 * ```
 */
export function canonicalHost(host: string): string {
  if (!host.includes(":")) return host;
  if (host.startsWith("::ffff:") || host.startsWith("::FFFF:")) {
    const mapped = MAPPED_V4.exec(host)?.[1];
    if (mapped !== undefined && isIPv4(mapped)) return mapped;
  }
  if (!isIPv6(host)) return host;
  const [address = "", scope] = host.split("%", 2);
  const compressed = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (hex) {
    const high = parseInt(hex[1] ?? "", 16), low = parseInt(hex[2] ?? "", 16);
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  return scope === undefined ? compressed : `${compressed}%${scope}`;
}

/**
 * Which family a literal address belongs to.
 *
 * @param host A canonical literal address.
 * @returns 4, 6, or undefined where it is no literal address but a name.
 */
export function family(host: string): 4 | 6 | undefined {
  if (host.includes(":")) return isIPv6(host) ? 6 : undefined;
  return isIPv4(host) ? 4 : undefined;
}

/**
 * Whether an address stays on this machine (127.0.0.0/8, RFC 1122 §3.2.1.3; ::1, RFC 4291 §2.5.3).
 *
 * @param host A canonical literal address.
 * @returns True for a loopback address.
 */
export function isLoopback(host: string): boolean {
  return host === "::1" || (host.startsWith("127.") && isIPv4(host));
}

/**
 * Whether two lists name the same addresses in the same order.
 *
 * @param a One list.
 * @param b The other.
 */
export function sameAddresses(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length &&
    a.every(({ host, port }, at) => b[at]?.host === host && b[at]?.port === port);
}

/**
 * The part of an address that one household or machine has to itself: an IPv4 address, or the first
 * 64 bits of an IPv6 address (RFC 6177 §2). For limits, which must not be dodged by taking the next.
 *
 * @param host A canonical literal address.
 * @returns The same text for all addresses of one subscriber.
 *
 * @example
 * ```ts
 * import { subscriber } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(subscriber("2001:db8::1"), subscriber("2001:db8:0:0:ffff::2"));
 * assertEquals(subscriber("192.0.2.7"), "192.0.2.7");
 * ```
 */
export function subscriber(host: string): string {
  if (!host.includes(":")) return host;
  const [head = "", tail = ""] = (host.split("%")[0] ?? "").split("::");
  const first = head.split(":").filter(Boolean), last = tail.split(":").filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => "0");
  return [...first, ...zeros, ...last].slice(0, 4).join(":");
}

/**
 * Writes an address the way people type it: `HOST:PORT`, and `[HOST]:PORT` for IPv6.
 *
 * @param address The address to write.
 * @returns The address as text.
 *
 * @example
 * ```ts
 * import { formatAddress } from "./address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatAddress({ host: "::1", port: 2410 }), "[::1]:2410");
 * assertEquals(formatAddress({ host: "192.0.2.7", port: 2410 }), "192.0.2.7:2410");
 * ```
 */
export function formatAddress(address: Address): string {
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

/**
 * Reads a port number strictly: digits only, in range.
 *
 * @param text What was written.
 * @returns The port 0–65535, or undefined.
 */
export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= MAX_PORT ? port : undefined;
}

/**
 * Reads `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`. The host may be a name.
 *
 * @param text What was written.
 * @returns The host and, where one was given, the port.
 * @throws {SyntaxError} If the text is none of these; the message says what was wanted and found.
 *
 * @example
 * ```ts
 * import { parseTarget } from "./address.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseTarget("[::1]:2410"), { host: "::1", port: 2410 });
 * assertEquals(parseTarget("relay.example"), { host: "relay.example" });
 * assertThrows(() => parseTarget("relay.example:99999"), SyntaxError, "0-65535");
 * ```
 */
export function parseTarget(text: string): Target {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed) return target(text, bracketed[1] ?? "", bracketed[2], true);
  const parts = text.split(":");
  if (parts.length > 2) {
    throw new SyntaxError(withoutBrackets(text));
  }
  return target(text, parts[0] ?? "", parts[1], false);
}

/** What is wrong with colons outside brackets; most likely what follows the last one is a port. */
function withoutBrackets(text: string): string {
  const at = text.lastIndexOf(":"), host = text.slice(0, at), port = text.slice(at + 1);
  const whole = isIPv6(text), withPort = isIPv6(host) && parsePort(port) !== undefined;
  if (!whole && !withPort) {
    return `Cannot read the address "${text}": wanted HOST:PORT or [IPV6]:PORT`;
  }
  const ways = [withPort ? `[${host}]:${port}` : "", whole ? `[${text}]:PORT` : ""].filter(Boolean);
  return `Cannot tell address from port in "${text}": write ${ways.join(", or ")}`;
}

function target(text: string, host: string, port: string | undefined, v6: boolean): Target {
  const fits = v6 ? isIPv6(host) : /^[^\s/#@%[\]]+$/.test(host) && host.length <= MAX_HOST_NAME;
  if (!fits) {
    throw new SyntaxError(`Cannot read the address "${text}": wanted HOST:PORT or [IPV6]:PORT`);
  }
  if (port === undefined) return { host: canonicalHost(host) };
  const number = parsePort(port);
  if (number === undefined) {
    throw new SyntaxError(
      `Cannot use port "${port}" in "${text}": wanted a number in 0-${MAX_PORT}`,
    );
  }
  return { host: canonicalHost(host), port: number };
}

function isIPv4(host: string): boolean {
  return IPV4.test(host);
}

/** The platform's own parser decides (WHATWG URL, host parsing); a scope may follow. */
function isIPv6(host: string): boolean {
  const [, address] = /^([0-9a-f:.]+)(?:%[\w.:@-]+)?$/i.exec(host) ?? [];
  return address !== undefined && URL.canParse(`http://[${address}]/`);
}
