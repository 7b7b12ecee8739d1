import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { readAllPages } from "../../data/all-pages.ts";
import { dataOf, server } from "../../data/client.ts";
import { refreshSponsor, sponsorKey, useSponsor } from "../../data/organisations.ts";
import type { ServiceInput, ServiceMethod } from "../../data/shapes.ts";

const SERVICES = "services";

const servicesQuery = (sponsor_id: string) =>
  queryOptions({
    queryKey: sponsorKey(sponsor_id, SERVICES),
    queryFn: async ({ signal }) => ({
      apis: await readAllPages(
        (offset) =>
          server.sponsors.services.list
            .query({ sponsor_id, offset }, { signal })
            .then(dataOf)
            .then(({ apis, total_count }) => ({ items: apis, total_count })),
        ({ service_key }) => service_key,
      ),
    }),
  });
export const useServices = () => useQuery(servicesQuery(useSponsor().sponsor_id));

export function useService(service_key: string) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, SERVICES, service_key),
    queryFn: ({ signal }) =>
      server.sponsors.services.get.query({ sponsor_id, service_key }, { signal }).then(dataOf),
  });
}

export function useHealth(service_key: string) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, SERVICES, service_key, "health"),
    queryFn: ({ signal }) =>
      server.sponsors.services.health.query({ sponsor_id, service_key }, { signal }).then(dataOf),
    staleTime: 30_000,
  });
}

export function usePayers(service_key: string) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, SERVICES, service_key, "payers"),
    queryFn: ({ signal }) =>
      server.sponsors.services.payers.query({ sponsor_id, service_key }, { signal }).then(dataOf),
  });
}

/** Undefined text: nothing is looked for yet. */
export function useSearchPreview(service_key: string, text: string | undefined) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, SERVICES, service_key, "search", text),
    queryFn: ({ signal }) =>
      server.sponsors.services.preview_search
        .query({ sponsor_id, service_key, ...(text !== undefined && { text }) }, { signal })
        .then(dataOf),
    enabled: text !== undefined,
  });
}

/** A trial whose payment waits for the chain is asked for again. */
const TRIAL_POLL_MS = 2_000;

export function useTrial(payment_id: string | undefined) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, "trials", payment_id),
    queryFn: ({ signal }) =>
      server.sponsors.services.trial
        .query({ sponsor_id, payment_id: payment_id ?? "" }, { signal })
        .then(dataOf),
    enabled: payment_id !== undefined,
    refetchInterval: ({ state }) => (state.data?.payment.status === "pending" ? TRIAL_POLL_MS : false),
  });
}

/** A change of services: what is shown of them is asked for again. */
function useServiceCall<Input, Output>(call: (sponsorId: string, input: Input) => Promise<Output>) {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: (input: Input) => call(sponsor_id, input),
    onSettled: () => refreshSponsor(sponsor_id, SERVICES),
  });
}

/** A call that changes nothing. */
function useLook<Input, Output>(call: (sponsorId: string, input: Input) => Promise<Output>) {
  const { sponsor_id } = useSponsor();
  return useMutation({ mutationFn: (input: Input) => call(sponsor_id, input), gcTime: 0 });
}

export const useInspect = () =>
  useLook(
    (
      sponsor_id,
      input: {
        upstream_url: string;
        upstream_method?: ServiceMethod;
        upstream_headers?: Record<string, string>;
        sample_input?: Record<string, unknown>;
      },
    ) => server.sponsors.services.inspect.mutate({ sponsor_id, ...input }).then(dataOf),
  );

export const useListOperations = () =>
  useLook((sponsor_id, document: string) =>
    server.sponsors.services.list_operations.mutate({ sponsor_id, document }).then(dataOf),
  );

export const useReadOperation = () =>
  useLook((sponsor_id, input: { document: string; operation: { method: string; path: string } }) =>
    server.sponsors.services.read_operation.mutate({ sponsor_id, ...input }).then(dataOf),
  );

export const useRegister = () =>
  useServiceCall((sponsor_id, input: ServiceInput) =>
    server.sponsors.services.register.mutate({ sponsor_id, ...input }).then(dataOf),
  );

export const useChangeService = (service_key: string) =>
  useServiceCall(
    (
      sponsor_id,
      input: {
        active?: boolean;
        price_cents?: number;
        repin?: boolean;
        upstream_headers?: Record<string, string>;
      },
    ) => server.sponsors.services.change.mutate({ sponsor_id, service_key, ...input }).then(dataOf),
  );

export const useArchiveService = (service_key: string) =>
  useServiceCall((sponsor_id, _: undefined) =>
    server.sponsors.services.archive.mutate({ sponsor_id, service_key }).then(dataOf),
  );

export const useTry = (service_key: string) =>
  useServiceCall(
    (sponsor_id, input: { input: Record<string, unknown>; campaign_id?: string; idempotency_key: string }) =>
      server.sponsors.services.try.mutate({ sponsor_id, service_key, ...input }).then(dataOf),
  );
