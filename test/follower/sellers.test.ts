import { expect } from "vitest";
import { mailbox } from "../support/surfaces.ts";
import { useWorld } from "../support/use-world.ts";
import type { Situation } from "./play.ts";
import { playOnAllSurfaces } from "./play.ts";

/** R1.3: an agent that only follows next actions, and sellers: down, slow, dearer, and some that take the money and bring nothing. */

const world = useWorld({ mailer: mailbox, confirmWaitMs: 100 });

const READY = { taskDone: true };

const SITUATIONS: Situation[] = [
  {
    name: "the seller is down",
    given: { ...READY, behaviour: "broken", api: { price_cents: 2 } },
    ends: { kind: "later", code: "upstream_error" },
  },
  {
    name: "the seller doesn't answer",
    given: { ...READY, behaviour: "slow", api: { price_cents: 2, timeout_ms: 150 } },
    ends: { kind: "later", code: "upstream_timeout" },
  },
  {
    name: "the seller asks for nothing",
    given: { ...READY, behaviour: "free", api: { price_cents: 0 } },
    ends: { kind: "reached", payments: 0 },
    output: { free: true },
    check: (_stage, end) => expect(end).toMatchObject({ payment: { status: "free" } }),
  },
  {
    name: "the seller asks for less than it did: the sponsor pays what it asks for",
    given: READY,
    before: () => Promise.resolve((world.upstream.terms.amount = "10000")),
    ends: { kind: "reached" },
    check: (_stage, end) => expect(end).toMatchObject({ payment: { amount_cents: 1 } }),
  },
  {
    name: "the seller asks for more than it did",
    given: READY,
    before: () => Promise.resolve((world.upstream.terms.amount = "30000")),
    ends: { kind: "nothing", code: "price_changed" },
  },
  {
    name: "the seller asks for more than it did, and there is another one",
    given: READY,
    before: async (stage) => {
      await stage.offerAnother({ api: { price_cents: 3 } });
      world.upstream.terms.amount = "30000";
    },
    ends: { kind: "reached" },
    check: (_stage, end) => expect(end).toMatchObject({ payment: { amount_cents: 3 } }),
  },
  {
    name: "the seller takes the money and answers 500",
    given: { ...READY, behaviour: "fails" },
    ends: { kind: "nothing", code: "upstream_error", payments: 1 },
  },
  {
    name: "the seller takes the money and cuts the connection",
    given: { ...READY, behaviour: "lost" },
    // The seller is asked once more, with the same payment.
    patience: 80,
    ends: { kind: "nothing", code: "upstream_error", payments: 1 },
  },
  {
    name: "the seller takes the money and answers 500, and there is another one",
    given: { ...READY, behaviour: "fails" },
    before: (stage) => stage.offerAnother(),
    ends: { kind: "reached", payments: 2 },
  },
  {
    name: "the seller cuts the connection, and answers when the payment is sent again",
    given: { ...READY, behaviour: "dedupes" },
    patience: 80,
    ends: { kind: "reached" },
    output: { again: true },
  },
  {
    name: "the seller refuses the payment, and keeps it",
    given: { ...READY, behaviour: "liar" },
    ends: { kind: "waiting", code: "upstream_error" },
  },
  {
    name: "the seller refuses the payment, and takes it later",
    given: { ...READY, behaviour: "liar" },
    after: { get_payment: () => world.upstream.settleHeld() },
    ends: { kind: "nothing", code: "upstream_error", payments: 1 },
  },
];

playOnAllSurfaces(world, SITUATIONS);
