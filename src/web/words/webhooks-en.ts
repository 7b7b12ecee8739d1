import type { WebhookEvent } from "../data/shapes.ts";

const times = (count: number): string => (count === 1 ? "1 attempt" : `${count} attempts`);

const TYPES: Record<WebhookEvent, string> = {
  "*": "Everything",
  "campaign.budget_low": "A budget is nearly spent",
  "campaign.exhausted": "A budget is used up",
  "answer.received": "An answer came",
  "answer.withdrawn": "An answer was withdrawn",
  "service.set_aside": "A service was set aside",
  "payment.undelivered": "A payment brought nothing",
  "withdrawal.settled": "A withdrawal arrived",
  "approval.decided": "Somebody decided what the agent asked",
  "session.suspended": "The agent was suspended for somebody",
  "budget.approaching": "A budget is nearly spent",
  "webhook.test": "Test",
};

const FAILURES = {
  timeout: "No answer in time",
  unreachable: "Couldn’t connect",
  blocked: "This address isn’t allowed",
  cut: "The connection broke",
  status: "Refused",
};

export const webhooksEn = {
  title: "Webhooks",
  lead: "Your server is told what happens, with ids and states only. Each event is signed, comes at least once, and is tried again for three days.",
  add: "Tell a server",
  url: "Address of your server",
  urlHint: "Events are sent there by POST. It begins with https://.",
  refused: "Events can’t be sent to this address. It has to be public, and begin with https://.",
  events: "What it is told",
  submit: "Add it and show its secret",
  allEvents: "Told of everything, also of what is to come",
  type: (type: WebhookEvent): string => TYPES[type],
  secretTitle: "The webhook’s secret",
  rotatedTitle: "The webhook’s new secret",
  once: "We can’t show it again. Your server needs it to check that events come from us.",
  test: "Send a test",
  testing: "A test is on its way.",
  pause: "Pause it",
  resume: "Go on sending",
  remove: "Delete it",
  removeTitle: "Delete this webhook?",
  removeBody: "What waits for it isn’t sent any more.",
  removeYes: "Delete it for good",
  keep: "Keep it as it is",
  paused: {
    owner: (time: string): string => `Paused since ${time}. Events are kept.`,
    failing: (time: string): string =>
      `Paused since ${time}: every attempt failed for three days. Events are kept.`,
    gone: (time: string): string =>
      `Paused since ${time}: it answered 410, that it is gone. Events are kept.`,
  },
  failing: (time: string): string => `Every attempt has failed since ${time}.`,
  untried: "Nothing was sent yet",
  answered: (status: number): string => `Last answer ${status}`,
  failure: (kind: keyof typeof FAILURES): string => FAILURES[kind],
  waiting: (count: number): string => (count === 1 ? "1 event waits" : `${count} events wait`),
  missing: (from: string, until: string | undefined): string =>
    until === undefined
      ? `Too many events wait. Since ${from} further ones aren’t kept.`
      : `Too many events waited. From ${from} to ${until} further ones weren’t kept.`,
  deliveries: "What was sent",
  nothingSent: "No event yet.",
  event: "Event",
  happened: "Happened",
  state: "State",
  lastAnswer: "Answer",
  delivered: (attempts: number): string => (attempts === 1 ? "Delivered" : `Delivered, ${times(attempts)}`),
  givenUp: (attempts: number): string => `Given up, ${times(attempts)}`,
  again: (attempts: number, time: string): string => `${times(attempts)}, next ${time}`,
  soon: "Waits",
  replay: "Send again",
  now: "Send now",
  replaying: "It is sent again.",
};
export type WebhooksWords = typeof webhooksEn;
