import { expect } from "vitest";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import { HandHost } from "../support/oauth-by-hand.ts";
import { mailbox } from "../support/surfaces.ts";
import { useWorld } from "../support/use-world.ts";
import { playOnAllSurfaces } from "./play.ts";

/** R1.3: an agent that only follows next actions, and a rate limit. It waits as long as it is told, so it is never suspended. */

const most = { limit: 5, windowSeconds: 1 };
const world = useWorld({
  mailer: mailbox,
  limits: {
    agentSession: { ...RATE_RULES.agentSession, ...most },
    gptSession: { ...RATE_RULES.gptSession, ...most },
  },
});

playOnAllSurfaces(world, [
  {
    name: "the session has made all the calls that it may",
    before: async ({ session, kind }) => {
      const path = kind === "gpt" ? "/gpt/user/status" : "/agent/flow/status";
      const byHand = new HandHost(() => world.url);
      for (let calls = 0; calls < most.limit; calls += 1) {
        const answer = session.startsWith("tf_oa_")
          ? await byHand.call(session)
          : await world.rest("GET", path, { token: session });
        expect(answer.status).toBe(200);
      }
    },
    waits: true,
    ends: { kind: "reached" },
    check: (_stage, { steps }) => expect(steps.map(({ body }) => body.error_code)).toContain("rate_limited"),
  },
]);
