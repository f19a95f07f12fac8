/**
 * The commands that need sessions, without their code: that is loaded when one of them runs.
 *
 * @module
 */

import type { Command } from "./command.ts";

/** `talk`. */
export const talk: Command = {
  name: "talk",
  usage: "[HOST[:PORT]]",
  words: [0, 1],
  summary: "two people, encrypted: with an address call it, without wait for a call",
  options: ["secret", "secretFile", "newSecret", "acceptNewKey"],
  details: [
    "Every message arrives once and in order, and its author sees that it did. What",
    "is typed while the other is away goes out when they are back. Both may call at",
    "once. On first contact compare the safety number (/verify); a key that changes",
    "later behind the same address stops everything until you accept it.",
    "With a secret that both know, strangers get no answer at all.",
  ],
  examples: ["talk", "talk 192.168.1.20 --secret-file secret.txt"],
  run: async (invocation) => await (await import("./talk.ts")).run(invocation),
};

/** `ping`. */
export const ping: Command = {
  name: "ping",
  usage: "HOST[:PORT]",
  words: [1, 1],
  summary: "is it there? round-trip times, loss, jitter, a small plot",
  options: ["count", "interval", "secret", "secretFile"],
  details: [
    "Calls the udpchat at the other end and measures authenticated round trips: each",
    "line is one, and the end sums them up. Exit status 3 when nobody is there.",
  ],
  examples: ["ping 192.168.1.20", "ping relay.example:2410 -c 10 --interval 0.2"],
  run: async (invocation) => await (await import("./ping.ts")).run(invocation),
};

/** `id`. */
export const id: Command = {
  name: "id",
  usage: "",
  words: [0, 0],
  summary: "show my name and key, or the safety number with a contact",
  options: ["with"],
  details: [
    "The key is made on the first run and stays in the home directory. Compare the",
    "safety number with the other by voice: it is the same on both sides, or",
    "somebody is in between.",
  ],
  examples: ["id", "id --with ann"],
  run: async (invocation) => await (await import("./id.ts")).run(invocation),
};
