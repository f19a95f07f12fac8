/**
 * udpchat as a library, for bots and for other programs: endpoints (UDP, TCP, memory), the pure
 * machines of plain mode, the shell that drives them, and the boundary for foreign text.
 *
 * A bot that answers whoever speaks to it, here over a network in memory; over a real one it is
 * `await bindUdp(systemClock, { port: 2410 })` in place of `network.bind(…)`.
 *
 * @example
 * ```ts
 * import { MemoryNetwork, PlainChat, Shell, systemClock } from "./mod.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const network = new MemoryNetwork(systemClock);
 * const bot = new PlainChat();
 * const botShell = new Shell(bot, network.bind({ host: "10.0.0.1", port: 2410 }), systemClock,
 *   (event) => {
 *     if (event.type === "message") botShell.act((now) => bot.say(`you said ${event.text}`, now));
 *   });
 *
 * const person = new PlainChat({ to: { host: "10.0.0.1", port: 2410 } });
 * const heard: string[] = [];
 * const personShell = new Shell(person, network.bind({ host: "10.0.0.2", port: 0 }), systemClock,
 *   (event) => {
 *     if (event.type !== "message") return;
 *     heard.push(event.text);
 *     personShell.act(() => person.leave(0, "enough"));
 *   });
 *
 * const running = [botShell.run(), personShell.run()];
 * personShell.act((now) => person.say("hello", now));
 * await running[1];
 * botShell.act(() => bot.leave(0, "enough"));
 * await running[0];
 * assertEquals(heard, ["you said hello"]);
 * ```
 *
 * @module
 */

export {
  type Address,
  canonicalHost,
  family,
  formatAddress,
  isLoopback,
  parseTarget,
  type Target,
} from "./wire/address.ts";
export {
  type ConnectionEnd,
  MAX_DATAGRAM_BYTES,
  type SendFailure,
  type Transmit,
} from "./wire/datagram.ts";
export type { Clock } from "./net/clock.ts";
export { systemClock } from "./net/system_clock.ts";
export { type Random, seededRandom } from "./net/random.ts";
export { type Arrival, type Endpoint, type EndpointCounters, NetError } from "./net/endpoint.ts";
export { type BindOptions, bindUdp } from "./net/bind.ts";
export { connectTcp, listenTcp, TcpEndpoint } from "./net/tcp.ts";
export { type ImpairmentSpec, parseImpairment } from "./net/impairment.ts";
export { MemoryNetwork } from "./net/memory.ts";
export { SimulatedEndpoint } from "./net/simulated.ts";
export { PlainChat, type PlainChatOptions } from "./plain/chat.ts";
export { PlainGroup, type PlainGroupOptions } from "./plain/group.ts";
export { PlainService, type ServiceName } from "./plain/service.ts";
export type { Done, Heard, PlainEvent } from "./plain/event.ts";
export { type Machine, Shell } from "./peer/shell.ts";
export { printable, printableJson, printableLines } from "./chat/printable.ts";
