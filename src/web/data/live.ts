import type { Query } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { queries, server, SESSION_KEY } from "./client.ts";
import { failureOf } from "./failure.ts";

/** While changes are told, lists are asked for now and then all the same. */
const TOLD_POLL_MS = 60_000;
/** While they aren't. */
const UNTOLD_POLL_MS = 10_000;
/** After a stream that was refused, such as one window too many. */
const TRY_AGAIN_MS = 30_000;

/** The lists that each kind of change is about, by how their queries' keys begin. */
const LISTS = {
  agents: ["agents", "approvals"],
  questions: ["questions", "approvals"],
  payments: ["payments"],
  calls: ["activity", "agents", "payments"],
} as const;

let isTold = false;
const listeners = new Set<() => void>();

function setTold(next: boolean): void {
  if (isTold === next) return;
  isTold = next;
  for (const listener of listeners) listener();
}

const onToldChange = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** How often a list that is looked at is asked for. Lists ask anew when this changes, since their page is rendered anew. */
export const usePollMs = (): number =>
  useSyncExternalStore(onToldChange, () => isTold) ? TOLD_POLL_MS : UNTOLD_POLL_MS;

/** Who reads older entries of a list doesn't want them to move. */
const showsNewest = ({ state: { data } }: Query): boolean =>
  !(typeof data === "object" && data !== null && "pages" in data && Array.isArray(data.pages)) ||
  data.pages.length === 1;

function refetch(lists: readonly string[]): void {
  for (const list of new Set(lists))
    queries.invalidateQueries({ queryKey: [list], predicate: showsNewest }).catch(() => undefined);
}

/** Follows what changes, while the window is looked at: a browser has few connections, and all its windows share them. */
function follow(): () => void {
  let lastEventId: string | undefined;
  let stream: { unsubscribe: () => void } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const end = (): void => {
    clearTimeout(timer);
    stream?.unsubscribe();
    stream = undefined;
    setTold(false);
  };
  const begin = (): void => {
    end();
    if (document.visibilityState === "hidden") return;
    stream = server.live.changes.subscribe(
      { ...(lastEventId !== undefined && { lastEventId }) },
      {
        onStarted: () => setTold(true),
        onConnectionStateChange: ({ state }) => {
          if (state === "connecting") setTold(false);
          if (state === "pending") setTold(true);
        },
        onData: ({ id, data }) => {
          // A stream's first word says how the lists are, not what has changed since the page asked for them.
          const lists =
            lastEventId === undefined
              ? Object.values(LISTS).flat()
              : data.kinds.flatMap((kind) => LISTS[kind]);
          lastEventId = id;
          refetch(lists);
        },
        onError: (error) => {
          end();
          // Without a sign-in, the page shows the form for it.
          if (failureOf(error).code === "unauthorized")
            queries.invalidateQueries({ queryKey: SESSION_KEY }).catch(() => undefined);
          else timer = setTimeout(begin, TRY_AGAIN_MS);
        },
        onComplete: () => {
          end();
          timer = setTimeout(begin, TRY_AGAIN_MS);
        },
      },
    );
  };
  begin();
  document.addEventListener("visibilitychange", begin);
  return () => {
    document.removeEventListener("visibilitychange", begin);
    end();
  };
}

/** Keeps the lists of a person up to date while their pages are shown. @param userId undefined: nobody is signed in */
export const useLiveChanges = (userId: string | undefined): void => {
  useEffect(() => (userId === undefined ? undefined : follow()), [userId]);
};
