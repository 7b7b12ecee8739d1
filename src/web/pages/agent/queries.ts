import { useMutation } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";
import { agentsQuery } from "../agents/queries.ts";

/** Whatever came of it, the page says what is true now. */
const onSettled = () => queries.invalidateQueries({ queryKey: agentsQuery.queryKey });

export const useAskAbove = () =>
  useMutation({
    mutationFn: (rule: { grant_id: string; amount_cents: number }) =>
      server.rules.ask_above.mutate(rule).then(dataOf),
    onSettled,
  });

export const useDontAsk = () =>
  useMutation({
    mutationFn: (rule: { approval_id: string; cap_cents: number; expires_at: string }) =>
      server.rules.dont_ask.mutate(rule).then(dataOf),
    onSettled,
  });

export const useSetReading = () =>
  useMutation({
    mutationFn: (reading: { grant_id: string; reads_sponsor_texts: boolean | null }) =>
      server.agents.set_reading.mutate(reading),
    onSettled,
  });

export const useEndRule = () =>
  useMutation({
    mutationFn: (ruleId: string) => server.rules.end.mutate({ rule_id: ruleId }),
    onSettled,
  });
