/**
 * Every system of the tutorials against programs that are not ours: Python sockets, `nc -u`,
 * `ncat`. Skipped where the other program is missing.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { has, Program, runProgram } from "../support/program.ts";

const HERE = ["--host", "127.0.0.1", "--port", "0"];
const PYTHON = await has("python3");
const NC = await has("nc");
const NCAT = await has("ncat");

/** A Python script that gets its numbers as arguments and says its port as `port N`. */
function python(script: string, ...args: (string | number)[]): Program {
  return new Program(["-u", "-c", script, ...args.map(String)], { command: ["python3"] });
}

async function portOf(script: Program): Promise<number> {
  return Number((await script.out.next(/^port \d+$/)).split(" ")[1]);
}

const TWO_WAY = `
import socket, sys, threading
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0))
print("port", s.getsockname()[1])
peer = ("127.0.0.1", int(sys.argv[1]))
def listen():
    while True:
        data, addr = s.recvfrom(1024)
        print("heard", data.decode())
threading.Thread(target=listen, daemon=True).start()
for line in sys.stdin: s.sendto(line.rstrip("\\n").encode(), peer)
`;

Deno.test("tutorial: two-way messages with a Python script", { ignore: !PYTHON }, async () => {
  await using ours = new Program(["plain", ...HERE]);
  await using theirs = python(TWO_WAY, await ours.port());
  const port = await portOf(theirs);
  await theirs.type("salut \u00e7a va");
  assertEquals(await ours.out.next("salut"), `127.0.0.1:${port}: salut \u00e7a va`);
  await ours.type("tr\u00e8s bien");
  assertEquals(await theirs.out.next("heard"), "heard tr\u00e8s bien");
});

const PRINTING_SERVER = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0))
print("port", s.getsockname()[1])
while True:
    data, addr = s.recvfrom(1024)
    print("got", data.decode())
`;

Deno.test(
  "tutorial: one-sided client of a Python server, named, quit ends",
  { ignore: !PYTHON },
  async () => {
    await using server = python(PRINTING_SERVER);
    const to = `127.0.0.1:${await portOf(server)}`;
    await using chat = new Program(["plain", to, "--name", "ann", "--format", "{name} : {text}"]);
    await chat.type("hello");
    await chat.type("quit");
    assertEquals(await chat.exit(), 0);
    assertEquals(await server.out.next("hello"), "got ann : hello");
    await runProgram(["plain", to], "from a pipe");
    assertEquals(await server.out.next("got"), "got from a pipe");
  },
);

const ONE_SHOT_CLIENT = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20)
for text in sys.argv[2:]:
    s.sendto(text.encode(), ("127.0.0.1", int(sys.argv[1])))
    print("answer", s.recvfrom(2048)[0].decode())
`;

Deno.test("tutorial: Python clients of echo, upper and count", { ignore: !PYTHON }, async () => {
  for (
    const [service, asked, answer] of [
      [["echo"], "h\u00e9llo", "h\u00e9llo"],
      [["upper"], "h\u00e9llo", "H\u00c9LLO"],
      [["count", "--letter", "s"], "success", "3"],
    ] as const
  ) {
    await using server = new Program(["service", ...service, ...HERE]);
    await using client = python(ONE_SHOT_CLIENT, await server.port(), asked, asked);
    assertEquals(await client.out.next("answer"), `answer ${answer}`);
    assertEquals(await client.out.next("answer"), `answer ${answer}`);
    assertMatch(await server.out.next(asked), /^127\.0\.0\.1:\d+: /);
  }
});

const UPPER_SERVER = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0))
print("port", s.getsockname()[1])
while True:
    data, addr = s.recvfrom(2048)
    s.sendto(data.decode().upper().encode(), addr)
`;

Deno.test(
  "tutorial: our client of a Python upper-case server goes on asking",
  { ignore: !PYTHON },
  async () => {
    await using server = python(UPPER_SERVER);
    const to = `127.0.0.1:${await portOf(server)}`;
    await using client = new Program(["plain", to]);
    for (const line of ["one", "two", "three"]) {
      await client.type(line);
      assertEquals(await client.out.next(line.toUpperCase()), line.toUpperCase());
    }
  },
);

const GROUP_CLIENT = `
import socket, sys, threading
port = int(sys.argv[1])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("", port))
print("port", port)
def listen():
    while True: print("heard", s.recvfrom(1024)[0].decode())
threading.Thread(target=listen, daemon=True).start()
for line in sys.stdin: s.sendto(("py: " + line.rstrip("\\n")).encode(), ("127.0.0.1", port))
`;

Deno.test("tutorial: group by broadcast, one shared port, Python and ours mixed", {
  ignore: !PYTHON || Deno.build.os === "windows",
}, async () => {
  await using server = new Program(
    ["plain", "serve", "--broadcast", "--to", "127.255.255.255", "--port", "0"],
  );
  const port = await server.port();
  await using theirs = python(GROUP_CLIENT, port);
  await portOf(theirs);
  const args = ["--broadcast", "--name", "ann", "--format", "{name}: {text}"];
  await using ours = new Program(["plain", `127.0.0.1:${port}`, ...args]);
  await ours.port();
  await ours.type("hello group");
  assertEquals(await theirs.out.next("heard"), "heard ann: hello group");
  await theirs.type("hello ann");
  assertEquals(await ours.out.next("py"), "py: hello ann");
  await server.out.next("py: hello ann");
  assertEquals(server.out.all.length, 2);
  assertEquals(ours.out.all, ["py: hello ann"]);
});

const GROUP_SERVER = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0))
print("port", s.getsockname()[1])
clients = set()
while True:
    data, addr = s.recvfrom(1024); clients.add(addr)
    for c in clients: s.sendto(data, c)
`;

Deno.test("tutorial: group without broadcast, our server with Python, Python's with ours", {
  ignore: !PYTHON,
}, async () => {
  await using ourServer = new Program(["plain", "serve", ...HERE]);
  const port = await ourServer.port();
  await using theirs = python(TWO_WAY, port);
  await portOf(theirs);
  await theirs.type("hi");
  assertEquals(await theirs.out.next("heard"), "heard hi", "the sender hears it too");
  await runProgram(["plain", `127.0.0.1:${port}`], "from ours");
  assertEquals(await theirs.out.next("heard"), "heard from ours");

  await using theirServer = python(GROUP_SERVER);
  const to = `127.0.0.1:${await portOf(theirServer)}`;
  await using ann = new Program(["plain", to]);
  await using bob = new Program(["plain", to]);
  await ann.type("first");
  await ann.out.next("first");
  await bob.type("second");
  assertEquals(await ann.out.next("second"), "second");
});

const TCP_CLIENT = `
import socket, sys
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
for text in sys.argv[2:]:
    c.sendall(text.encode()); print("answer", c.recv(1024).decode().strip())
if len(sys.argv) == 2: print("answer", c.recv(1024).decode().strip())
`;

Deno.test("tutorial: Python clients of the TCP services", { ignore: !PYTHON }, async () => {
  await using hello = new Program(["service", "hello", ...HERE]);
  await using greeted = python(TCP_CLIENT, await hello.port());
  assertEquals(await greeted.out.next("answer"), "answer Thank you for connecting");
  await using echo = new Program(["service", "echo", "--tcp", ...HERE]);
  const port = await echo.port();
  await using one = python(TCP_CLIENT, port, "h\u00e9", "ho", "bye");
  await using two = python(TCP_CLIENT, port, "again", "bye");
  assertEquals(await one.out.next("answer"), "answer h\u00e9");
  assertEquals(await one.out.next("answer"), "answer ho");
  assertEquals(await one.out.next("answer"), "answer ", "closed on bye");
  assertEquals(await two.out.next("answer"), "answer again");
});

const TCP_ECHO = `
import socket, threading
l = socket.create_server(("127.0.0.1", 0)); print("port", l.getsockname()[1])
def serve(c):
    while True:
        data = c.recv(1024)
        if not data or data == b"bye": break
        c.sendall(data)
    c.close()
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
`;

Deno.test("tutorial: our client of a Python TCP echo: bye ends, connects again", {
  ignore: !PYTHON,
}, async () => {
  await using server = python(TCP_ECHO);
  const to = `127.0.0.1:${await portOf(server)}`;
  for (let round = 0; round < 2; round++) {
    const { exit, out } = await runProgram(["plain", "--tcp", to, "--expect-reply"], "one\ntwo");
    assertEquals([exit, out], [0, "one\ntwo\n"], `round ${round}`);
  }
  await using chat = new Program(["plain", "--tcp", to]);
  await chat.type("caf\u00e9");
  assertEquals(await chat.out.next("caf"), "caf\u00e9");
  await chat.type("bye");
  assertEquals(await chat.exit(), 0);
});

Deno.test("tutorial: nc -u talks to us, both ways", { ignore: !NC }, async () => {
  await using ours = new Program(["plain", ...HERE]);
  const port = await ours.port();
  await using nc = new Program(["-u", "127.0.0.1", `${port}`], { command: ["nc"] });
  await nc.type("from nc \u65e5");
  assertMatch(await ours.out.next("from nc"), /^127\.0\.0\.1:\d+: from nc \u65e5$/);
  // nc prints what it gets and adds nothing: the line end is ours to send, by --format.
  await ours.type("from us");
  await ours.type("done");
  await using echo = new Program(["service", "echo", ...HERE]);
  await using asking = new Program(["-u", "127.0.0.1", `${await echo.port()}`], {
    command: ["nc"],
  });
  await asking.type("back to nc");
  assertEquals(await asking.out.next("back"), "back to nc");
});

Deno.test("tutorial: ncat over UDP and TCP talks to us", { ignore: !NCAT }, async () => {
  await using udp = new Program(["plain", ...HERE, "--format", "{text}\\n"]);
  await using ncatUdp = new Program(["-u", "127.0.0.1", `${await udp.port()}`], {
    command: ["ncat"],
  });
  await ncatUdp.type("from ncat");
  await udp.out.next("from ncat");
  await udp.type("to ncat \u00e9");
  assertEquals(await ncatUdp.out.next("to ncat"), "to ncat \u00e9");
  await using tcp = new Program(["plain", "--tcp", ...HERE]);
  await using ncatTcp = new Program(["127.0.0.1", `${await tcp.port()}`], { command: ["ncat"] });
  await ncatTcp.type("over tcp");
  await tcp.out.next("over tcp");
  await ncatTcp.endInput();
  assertEquals(await tcp.exit(), 0);
});
