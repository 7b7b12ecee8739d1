import {
  setReading,
  SetReadingInput,
  SetReadingOutput,
  stopAgent,
  StopAgentInput,
  StopAgentOutput,
  stopAllAgents,
  StopAllAgentsOutput,
  undoStop,
  UndoStopOutput,
} from "../../../core/access/grant/index.ts";
import { resumeAgent, ResumeAgentInput, ResumeAgentOutput } from "../../../core/access/violation/index.ts";
import { listOwnAgents, ListOwnAgentsOutput } from "../../../core/account/own-agents/index.ts";
import { personProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

export const agentProcedures = {
  list: personProcedure
    .output(success(ListOwnAgentsOutput))
    .query(async ({ ctx }) => ok(ctx, await listOwnAgents({ ...ctx.deps, actor: ctx.actor }))),

  set_reading: personProcedure
    .input(SetReadingInput)
    .output(success(SetReadingOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await setReading({ ...ctx.deps, actor: ctx.actor }, input))),

  stop: personProcedure
    .input(StopAgentInput)
    .output(success(StopAgentOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await stopAgent({ ...ctx.deps, actor: ctx.actor }, input))),

  undo_stop: personProcedure
    .input(StopAgentInput)
    .output(success(UndoStopOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await undoStop({ ...ctx.deps, actor: ctx.actor }, input))),

  stop_all: personProcedure
    .output(success(StopAllAgentsOutput))
    .mutation(async ({ ctx }) => ok(ctx, await stopAllAgents({ ...ctx.deps, actor: ctx.actor }))),

  resume: personProcedure
    .input(ResumeAgentInput)
    .output(success(ResumeAgentOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await resumeAgent({ ...ctx.deps, actor: ctx.actor }, input))),
};
