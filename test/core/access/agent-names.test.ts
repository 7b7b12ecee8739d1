import { describe, expect, test } from "vitest";
import { misleadingName } from "../../../src/core/access/agent/name-rules.ts";
import { readReturnUrl } from "../../../src/core/access/agent/return-url.ts";

const OURS = ["Tollfree", "Northwind"];

describe("names of agents", () => {
  test.each([
    ...[
      "Tollfree",
      "TOLLFREE Support",
      "Toll Free",
      "t-o-l-l-f-r-e-e",
      "Tolfree",
      "Tollfreee",
      "T0llfr33",
      "ToIIfree",
    ],
    ...[
      "Toiifree",
      "Tóllfrée",
      "Тollfrее",
      "Τοllfree",
      "𝐓𝐨𝐥𝐥𝐟𝐫𝐞𝐞",
      "Ｔｏｌｌｆｒｅｅ",
      "toll_free.security",
      "To||free",
    ],
    ...["Northwind", "N0rthwind team", "North wind"],
  ])("given %s, it is refused: people could take it for ours", (name) => {
    expect(misleadingName(name, OURS)).toBe(
      "must not look like our own name, or that of who runs this server",
    );
  });

  test.each(["Clаude", "Gρt helper", "Weatherвot"])(
    "given %s, it is refused: it mixes alphabets in a word",
    (name) => {
      expect(misleadingName(name, OURS)).toBe("must not mix letters of different alphabets in a word");
    },
  );

  test.each([
    "Claude",
    "Claude 3.5",
    "天気エージェント",
    "Погода",
    "Καιρός",
    "Bot для погоды",
    "Free Tolls Map",
    "R2-D2",
    "Ægir",
  ])("given %s, it is accepted", (name) => {
    expect(misleadingName(name, OURS)).toBeUndefined();
  });
});

describe("the address that people go back to", () => {
  const production = "https://tollfree.example";
  const sandbox = "http://127.0.0.1:8080";

  test.each([
    ["https://example.com/done?x=1", "https://example.com/done?x=1"],
    ["HTTPS://EXAMPLE.com", "https://example.com/"],
    ["https://bücher.example/", "https://xn--bcher-kva.example/"],
  ])("given %s, it is kept as %s", (given, kept) => {
    expect(readReturnUrl(given, production)).toBe(kept);
  });

  test.each([
    ...[
      "http://example.com",
      "javascript:alert(1)",
      "data:text/html,x",
      "//example.com",
      "/agents",
      "example.com",
      "",
    ],
    ...[
      "https://user:secret@example.com",
      "https://example.com/\u202Egnp",
      "https://exa mple.com",
      "ftp://example.com",
    ],
    "http://localhost:3000/done",
  ])("given %j, it is refused", (given) => {
    expect(() => readReturnUrl(given, production)).toThrow(/must/);
  });

  test("http is accepted on this machine for a server on this machine, and nowhere else", () => {
    expect(readReturnUrl("http://localhost:3000/done", sandbox)).toBe("http://localhost:3000/done");
    expect(readReturnUrl("http://[::1]:3000", sandbox)).toBe("http://[::1]:3000/");
    for (const elsewhere of ["http://localhost.example.com", "http://example.com", "http://127.0.0.1.nip.io"])
      expect(() => readReturnUrl(elsewhere, sandbox)).toThrow(/https/);
  });
});
