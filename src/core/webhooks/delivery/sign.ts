import { Webhook } from "standardwebhooks";

/** An event as it is sent. */
export interface Message {
  eventId: string;
  type: string;
  occurredAt: Date;
  data: Record<string, unknown>;
}

/** The body and headers of an attempt, signed with each of the secrets (Standard Webhooks). */
export function signedRequest(
  { eventId, type, occurredAt, data }: Message,
  secrets: readonly string[],
  now = new Date(),
): { body: string; headers: Record<string, string> } {
  const body = JSON.stringify({ type, timestamp: occurredAt.toISOString(), data });
  return {
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": eventId,
      // Of the attempt: receivers refuse what is older than minutes.
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(eventId, now, body)).join(" "),
    },
  };
}
