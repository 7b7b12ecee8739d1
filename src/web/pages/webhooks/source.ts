import { useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";
import { sponsorKey } from "../../data/organisations.ts";
import type { Webhook, WebhookEvent, WebhookList, WebhookPage } from "../../data/shapes.ts";

/** The webhooks of one listener, and what can be done with them. */
export interface WebhookSource {
  /** Begins the key of its queries. */
  key: readonly unknown[];
  types: readonly WebhookEvent[];
  /** Whether the person may add, change and remove them; and whether they may send a test, or an event again. */
  may: { manage: boolean; send: boolean };
  list: (signal: AbortSignal) => Promise<WebhookList>;
  deliveries: (endpointId: string, signal: AbortSignal) => Promise<WebhookPage>;
  create: (input: {
    url: string;
    event_types: WebhookEvent[];
  }) => Promise<{ webhook: Webhook; secret: string }>;
  rotate: (endpointId: string) => Promise<{ webhook: Webhook; secret: string }>;
  setActive: (endpointId: string, isActive: boolean) => Promise<unknown>;
  remove: (endpointId: string) => Promise<unknown>;
  test: (endpointId: string) => Promise<unknown>;
  replay: (endpointId: string, eventId: string) => Promise<unknown>;
}

const OWNER_TYPES = ["approval.decided", "session.suspended", "budget.approaching"] as const;

/** The webhooks of an agent that the person looks after. */
export const webhooksOfAgent = (agentId: string): WebhookSource => {
  const calls = server.build.webhooks;
  const of = (endpointId: string) => ({ agent_id: agentId, endpoint_id: endpointId });
  return {
    key: ["build", agentId, "webhooks"],
    types: OWNER_TYPES,
    may: { manage: true, send: true },
    list: (signal) => calls.list.query({ agent_id: agentId }, { signal }).then(dataOf),
    deliveries: (id, signal) => calls.deliveries.query(of(id), { signal }).then(dataOf),
    create: ({ url, event_types }) =>
      calls.create
        .mutate({ agent_id: agentId, url, event_types: event_types as (typeof OWNER_TYPES)[number][] })
        .then(dataOf),
    rotate: (id) => calls.rotate.mutate(of(id)).then(dataOf),
    setActive: (id, active) => calls.change.mutate({ ...of(id), active }),
    remove: (id) => calls.remove.mutate(of(id)),
    test: (id) => calls.test.mutate(of(id)),
    replay: (id, eventId) => calls.replay.mutate({ ...of(id), event_id: eventId }),
  };
};

const SPONSOR_TYPES = [
  "campaign.budget_low",
  "campaign.exhausted",
  "answer.received",
  "answer.withdrawn",
  "service.set_aside",
  "payment.undelivered",
  "withdrawal.settled",
] as const;

/** The webhooks of a sponsor that the person acts for. */
export const webhooksOfSponsor = (sponsorId: string, may: WebhookSource["may"]): WebhookSource => {
  const calls = server.sponsors.webhooks;
  const of = (endpointId: string) => ({ sponsor_id: sponsorId, endpoint_id: endpointId });
  return {
    key: sponsorKey(sponsorId, "webhooks"),
    types: SPONSOR_TYPES,
    may,
    list: (signal) => calls.list.query({ sponsor_id: sponsorId }, { signal }).then(dataOf),
    deliveries: (id, signal) => calls.deliveries.query(of(id), { signal }).then(dataOf),
    create: ({ url, event_types }) =>
      calls.create
        .mutate({ sponsor_id: sponsorId, url, event_types: event_types as (typeof SPONSOR_TYPES)[number][] })
        .then(dataOf),
    rotate: (id) => calls.rotate.mutate(of(id)).then(dataOf),
    setActive: (id, active) => calls.change.mutate({ ...of(id), active }),
    remove: (id) => calls.remove.mutate(of(id)),
    test: (id) => calls.test.mutate(of(id)),
    replay: (id, eventId) => calls.replay.mutate({ ...of(id), event_id: eventId }),
  };
};

/** What is under way shows within seconds. */
const REFRESH_MS = 3_000;

export const useWebhooks = (source: WebhookSource) =>
  useQuery({
    queryKey: source.key,
    queryFn: ({ signal }) => source.list(signal),
    refetchInterval: REFRESH_MS,
  });

export const useDeliveries = (source: WebhookSource, endpointId: string) =>
  useQuery({
    queryKey: [...source.key, endpointId],
    queryFn: ({ signal }) => source.deliveries(endpointId, signal),
    refetchInterval: REFRESH_MS,
  });

/** A change, after which all of the listener's webhooks are asked for anew. A secret in its answer isn't kept. */
export const useChange = <Input, Result>(source: WebhookSource, change: (input: Input) => Promise<Result>) =>
  useMutation({
    mutationFn: change,
    gcTime: 0,
    onSettled: () => queries.invalidateQueries({ queryKey: source.key }),
  });
