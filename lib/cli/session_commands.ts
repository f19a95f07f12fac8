/**
 * The commands that need sessions, without their code: that is loaded when one of them runs.
 *
 * @module
 */

import type { Command } from "./command.ts";

/** `lan`, and what runs without a command. */
export const lan: Command = {
  name: "lan",
  usage: "",
  words: [0, 0],
  summary: "everybody on this network, no server (also without a command)",
  options: [
    "room",
    "peer",
    "interface",
    "secret",
    "secretFile",
    "newSecret",
    "passphrase",
    "passphraseFile",
  ],
  optionHelp: {
    room: "this room (default lobby)",
    secret: "only who has the same generated secret sees the room; - asks for it",
    secretFile: "that secret from a file, where nobody sees it in the list of processes",
    newSecret: "make such a secret, print it and leave",
    passphrase: "as --secret, with words of your own (12 characters or more); it asks for them",
    passphraseFile: "those words from a file: its first line",
  },
  details: [
    "Finds others by multicast and broadcast on every interface, and chats with all of",
    "them: encrypted, each message delivered, remembered. Who comes later gets what was",
    "said from whoever has it. In another --room one is not seen; with a secret or a",
    "passphrase only those who know it see that one is there. Where the network blocks",
    "both ways, one --peer that somebody types is enough to join all. For more than 60",
    "people run a relay (udpchat serve).",
  ],
  examples: ["lan --room class-7b --name ann", "lan --peer 192.168.1.20"],
  run: async (invocation) => await (await import("./lan.ts")).run(invocation),
};

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

/** `serve`. */
export const serve: Command = {
  name: "serve",
  usage: "",
  words: [0, 0],
  summary: "run a relay: rooms, stored, forwarded, caught up on",
  options: ["keep", "keepBytes", "allow", "allowFile", "maxMembers"],
  details: [
    "People join rooms on it by address (udpchat join HOST) or by link. What is said",
    "is on disk before it is acknowledged, and whoever was away gets it later. The",
    "relay can read rooms without a secret, and not those with one: of these it sees",
    "keys, sizes, times and addresses. Entries are kept for 30 days and up to 1 GB a",
    "room unless --keep and --keep-bytes say otherwise. A line a minute tells how it",
    "goes. It has a key of its own; a second relay on the same home is an error.",
  ],
  examples: ["serve", "serve --port 4000 --keep 7d --allow-file members.txt"],
  run: async (invocation) => await (await import("./serve.ts")).run(invocation),
};

/** `join`. */
export const join: Command = {
  name: "join",
  usage: "[HOST[:PORT][/ROOM]|LINK|-]",
  words: [0, 1],
  summary: "join a room on a relay, by address or by link",
  options: ["passphrase", "passphraseFile", "acceptNewKey"],
  details: [
    "Shows what was said meanwhile, and who is there. A message shows when the relay",
    "has stored it (this is what a pipe waits for), and how many members hold it.",
    "What is typed while the relay is away is on disk, and goes out later. - asks for",
    "the link, so that it is in no list of processes and in no shell history; from a",
    "pipe it is the first line. Rooms that were joined are remembered; without",
    "anything it offers them.",
  ],
  examples: ["join relay.example/tea", "join - --name ann"],
  run: async (invocation) => await (await import("./join.ts")).run(invocation),
};

/** `invite`. */
export const invite: Command = {
  name: "invite",
  usage: "HOST[:PORT][/ROOM]",
  words: [1, 1],
  summary: "print a fresh link for an end-to-end encrypted room",
  options: [],
  details: [
    "Who has the link can join and read everything that is ever said there; the relay",
    "cannot. The link names the relay's key, so that no other can take its place.",
    "To lock somebody out make a new link and give it to the others. With --json it",
    "is the field link of one event, invite.",
  ],
  examples: ["invite relay.example", "invite relay.example:4000/tea"],
  run: async (invocation) => await (await import("./invite.ts")).run(invocation),
};

/** `history`. */
export const history: Command = {
  name: "history",
  usage: "[WORDS]",
  words: [0, 100],
  summary: "search what this machine has seen, newest first",
  options: ["room", "from", "since", "until", "count", "export", "import"],
  optionHelp: { room: "only of this room", count: "show so many at most (default 20)" },
  details: [
    "Shows the newest 20 messages that have all the words in them (-c N for more). The",
    "words are looked for as whole words, in any case and with or without accents.",
    "--json prints each as an object. --export prints all, oldest first, and --import",
    "takes them on another machine; what is there already is not taken twice.",
  ],
  examples: ["history tea tuesday --room lobby --since 7d", "history --export > messages.jsonl"],
  run: async (invocation) => await (await import("./history.ts")).run(invocation),
};

/** `ping`. */
export const ping: Command = {
  name: "ping",
  usage: "HOST[:PORT]",
  words: [1, 1],
  summary: "is it there? round-trip times, loss, jitter, a small plot",
  options: ["count", "interval", "secret", "secretFile"],
  optionHelp: { count: "leave after so many (default: until Ctrl-C)" },
  details: [
    "Calls the udpchat at the other end and measures authenticated round trips: each",
    "line is one, and the end sums them up. Exit status 3 when nobody is there.",
  ],
  examples: ["ping 192.168.1.20", "ping relay.example:2410 -c 10 --interval 0.2"],
  run: async (invocation) => await (await import("./ping.ts")).run(invocation),
};

/** `doctor`. */
export const doctor: Command = {
  name: "doctor",
  usage: "[HOST[:PORT]]",
  words: [0, 1],
  summary: "which paths work here, and what to do about those that do not",
  options: ["interface"],
  details: [
    "Looks at each network interface: sends test datagrams to everybody on it, by",
    "multicast and by broadcast, and listens for two seconds whether they come back",
    "and whether others are heard. Looks at the UDP ports 2410 (chat; --port N for",
    "another) and 2411 (finding each other). With HOST it calls the udpchat there as",
    "ping does. Ends with what to do. Nothing is changed, and no program is run.",
    "Exit status 0 when chat will work: HOST answers, or without HOST others can be",
    "found; 1 when not.",
  ],
  examples: ["doctor", "doctor relay.example:2410 --interface eth0"],
  run: async (invocation) => await (await import("./doctor.ts")).run(invocation),
};

/** `id`. */
export const id: Command = {
  name: "id",
  usage: "",
  words: [0, 0],
  summary: "show my name, key and safety number, or the number with a contact",
  options: ["with"],
  details: [
    "The key is made on the first run and stays in the home directory. My half of the",
    "safety number is in the number with everybody. Compare the whole with the other",
    "by voice: it is the same on both sides, or somebody is in between. Whoever has",
    "said something to you is a contact.",
  ],
  examples: ["id", "id --with ann"],
  run: async (invocation) => await (await import("./id.ts")).run(invocation),
};
