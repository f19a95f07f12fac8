import { assertEquals, assertStringIncludes } from "@std/assert";
import { Doubts } from "../../lib/cli/doubts.ts";
import { Contacts } from "../../lib/store/contacts.ts";

function key(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}

Deno.test("Doubts tells once of who looks like somebody verified, and of nobody else", () => {
  const contacts = new Contacts(undefined);
  try {
    for (const [fill, name] of [[1, "ann"], [2, "bob"]] as const) {
      contacts.meet(key(fill), name, 1);
    }
    contacts.verify(key(1), true);
    const doubts = new Doubts(contacts);
    for (const name of ["ann", "Ann", "\u0430nn"]) {
      const text = doubts.about({ key: key(9), name }) ?? "";
      assertStringIncludes(text, `${name} is not the ann you know`);
      assertEquals(doubts.about({ key: key(9), name }), undefined, "once");
    }
    assertEquals(doubts.about({ key: key(1), name: "ann" }), undefined, "it is her");
    assertEquals(doubts.about({ key: key(8), name: "bob" }), undefined, "he is not verified");
    assertEquals(doubts.about({ key: key(8), name: "anna" }), undefined);
  } finally {
    contacts.close();
  }
});
