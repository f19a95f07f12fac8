import { assertEquals } from "@std/assert";
import { decodeEcho, ECHO, encodeEcho } from "../../lib/wire/echo.ts";
import { hex, truncations } from "../crypto/bytes.ts";

Deno.test("encodeEcho() and decodeEcho() carry any number", () => {
  assertEquals(encodeEcho(ECHO.ask, 7), hex("0107"));
  assertEquals(encodeEcho(ECHO.answer, 300), hex("02412c"));
  for (const number of [0, 63, 64, 16_383, 16_384, 2 ** 30, 2 ** 53 - 1]) {
    for (const type of [ECHO.ask, ECHO.answer]) {
      const bytes = encodeEcho(type, number);
      assertEquals(decodeEcho(bytes), { type, number });
      for (const cut of truncations(bytes)) assertEquals(decodeEcho(cut), undefined);
      assertEquals(decodeEcho(Uint8Array.of(...bytes, 0)), undefined);
    }
  }
  for (const type of [0, 3, 255]) assertEquals(decodeEcho(Uint8Array.of(type, 7)), undefined);
});
