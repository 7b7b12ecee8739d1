import { expect, test } from "vitest";
import { waitForTurn } from "../../../src/core/protocol/turns.ts";

test("of many that wait for a turn, each gets one of its own, in their order, and others run between them", async () => {
  const order: string[] = [];
  let isDone = false;
  const countTurns = (): void => {
    order.push("others");
    if (!isDone) setImmediate(countTurns);
  };
  setImmediate(countTurns);
  await Promise.all(
    ["a", "b", "c", "d"].map(async (name) => {
      await waitForTurn();
      order.push(name);
    }),
  );
  isDone = true;
  expect(order.filter((name) => name !== "others")).toEqual(["a", "b", "c", "d"]);
  for (const [index, name] of order.entries())
    if (name !== "others" && index > 0) expect(order[index - 1]).toBe("others");
});
