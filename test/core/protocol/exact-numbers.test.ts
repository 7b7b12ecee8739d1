import { describe, expect, test } from "vitest";
import { findInexactNumbers } from "../../../src/core/protocol/exact-numbers.ts";

describe("numbers that a double can't hold", () => {
  test.each([
    "0",
    "-0",
    "0.0000000000000000000",
    "100",
    "1.50",
    "1E5",
    "9007199254740992",
    "-9007199254740991",
    "1e22",
    "1e23",
    "0.1",
    "0.10000000000000001", // as C prints 0.1 with 17 digits
    '"9007199254740993"',
    '{"text": "12345678901234567890 and 1e400"}',
  ])("%s is kept as it is", (json) => {
    expect(findInexactNumbers(json)).toEqual([]);
  });

  test.each([
    "9007199254740993",
    "-9007199254740993",
    "9007199254740993.0",
    "12345678901234567890",
    "3.14159265358979323846",
    "1e400",
    "1e-400",
  ])("%s would change", (json) => {
    expect(findInexactNumbers(json)).toEqual([""]);
  });

  test("each is found at its place, also under a name that a URL would escape", () => {
    const json = '{"a": [1, {"x/y": 9007199254740993}], "b": {"c": 1e400}, "__proto__": 9007199254740993}';
    expect(findInexactNumbers(json)).toEqual(["/a/1/x~1y", "/b/c", "/__proto__"]);
  });

  test("of a name that comes twice, the last value counts, as for JSON.parse", () => {
    expect(findInexactNumbers('{"a": 9007199254740993, "a": 1}')).toEqual([]);
    expect(findInexactNumbers('{"a": 1, "a": 9007199254740993}')).toEqual(["/a"]);
  });

  test("of many, the first hundred are named", () => {
    const places = findInexactNumbers(`{"a": [${"1e400,".repeat(40_000)}0]}`);
    expect(places).toEqual(Array.from({ length: 100 }, (_, n) => `/a/${n}`));
  });

  test("a text that nests as deep as a body can is no problem, and what is too deep isn't named", () => {
    const nested = (depth: number): string => `${"[".repeat(depth)}9007199254740993${"]".repeat(depth)}`;
    expect(findInexactNumbers(nested(200))).toEqual(["/0".repeat(200)]);
    expect(findInexactNumbers(nested(100_000))).toEqual([]);
  });

  test("numbers and signs in texts, also after escapes, aren't numbers", () => {
    const json = String.raw`{"a\\": "\"", "b": "\\", "9007199254740993": "x\"9007199254740993", "c": [1e2, -1.5E+3]}`;
    expect(findInexactNumbers(json.replace("1e2", "1e400"))).toEqual(["/c/0"]);
    expect(findInexactNumbers(json)).toEqual([]);
  });
});
