import { onTestFinished } from "vitest";

export interface StreamEvent {
  event: string;
  id: string | undefined;
  data: string;
}

export interface EventStream {
  status: number;
  /** All events so far. */
  events: StreamEvent[];
  /** Whether the server has ended it. */
  isOver: () => boolean;
  close: () => void;
}

/** Opens the console's stream of changes, as a browser does. It is closed when the test is over. */
export async function openStream(
  url: string,
  headers: Record<string, string>,
  input: Record<string, unknown> = {},
): Promise<EventStream> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const query = new URLSearchParams({ input: JSON.stringify(input) });
  const response = await fetch(`${url}/user/trpc/user.live.changes?${query.toString()}`, {
    headers: { accept: "text/event-stream", ...headers },
    signal: abort.signal,
  });
  const events: StreamEvent[] = [];
  let isOver = false;
  const read = async (): Promise<void> => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts.filter((each) => each.trim() !== "")) {
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(part)?.[1];
        events.push({ event: field("event") ?? "message", id: field("id"), data: field("data") ?? "" });
      }
    }
  };
  read()
    .catch(() => undefined)
    .finally(() => (isOver = true));
  return { status: response.status, events, isOver: () => isOver, close: () => abort.abort() };
}

/** The kinds of things that a stream has said have changed. */
export const kindsOf = ({ events }: EventStream): string[] =>
  events.flatMap(({ event, data }) =>
    event === "message" ? (JSON.parse(data) as { kinds: string[] }).kinds : [],
  );

export const lastIdOf = ({ events }: EventStream): string | undefined =>
  events.findLast(({ id }) => id !== undefined)?.id;
