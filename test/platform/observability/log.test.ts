import { describe, expect, test } from "vitest";
import { createLog } from "../../../src/platform/observability/log.ts";

/** What the log writes for these fields: the line, and the line as JSON. */
function writeLine(
  fields: Record<string, unknown>,
  message = "something happened",
): { line: string; object: Record<string, unknown> } {
  let line = "";
  const log = createLog({ level: "info", destination: { write: (text) => void (line += text) } });
  log.info(fields, message);
  expect(line.endsWith("\n")).toBe(true);
  return { line, object: JSON.parse(line) as Record<string, unknown> };
}

const TOKEN = "tf_as_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG01234567";

describe("the log", () => {
  test("a log entry is one line of JSON", () => {
    const { object } = writeLine({ request_id: "r-1", status: 200, amount: 5n, at: new Date(0) }, "request");
    expect(object).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-/) as string,
      request_id: "r-1",
      status: 200,
      amount: "5",
      at: "1970-01-01T00:00:00.000Z",
      msg: "request",
    });
  });

  test("entries below the log's level aren't written", () => {
    let lines = "";
    const log = createLog({ level: "warn", destination: { write: (text) => void (lines += text) } });
    log.info({}, "info");
    log.warn({}, "warning");
    log.error({}, "error");
    expect(
      lines
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { level: string }).level),
    ).toEqual(["warn", "error"]);
  });

  test.each([
    "authorization",
    "Authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "payment-signature",
    "PAYMENT-SIGNATURE",
    "x-payment",
    "session_token",
    "api_key",
    "apiKey",
    "treasury_private_key",
    "privateKey",
    "ADMIN_API_KEY",
    "client_secret",
    "password",
    "user_code",
  ])("the value of a field named %s is redacted at any depth", (name) => {
    const { line } = writeLine({ [name]: "0xhunter2", nested: [{ headers: { [name]: ["0xhunter2"] } }] });
    expect(line).not.toContain("hunter2");
    expect(line.match(/\[redacted\]/g)).toHaveLength(2);
  });

  test("fields that only sound like keys are written", () => {
    expect(writeLine({ service_key: "daylight", idempotency_key: "a", monkey: "b" }).object).toMatchObject({
      service_key: "daylight",
      idempotency_key: "a",
      monkey: "b",
    });
  });

  test("secrets and e-mail addresses inside texts are redacted", () => {
    const { line, object } = writeLine(
      {
        url: `/gpt/services?session_token=${TOKEN}`,
        note: ["Bearer abc.def", "postgres://app:pw@db/x", "ada@example.com"],
      },
      `refused ${TOKEN}`,
    );
    for (const secret of [TOKEN.slice(8), "abc.def", "app:pw", "ada@"]) expect(line).not.toContain(secret);
    expect(object["msg"]).toBe("refused tf_as_[redacted]");
  });

  test("paths and queries of URLs are redacted, since providers put their keys there", () => {
    expect(
      writeLine({ text: "HTTP request failed. URL: https://rpc.example/v2/kF9xKey Request body: {}" }).object[
        "text"
      ],
    ).toBe("HTTP request failed. URL: https://rpc.example/[redacted] Request body: {}");
    expect(
      writeLine({ text: 'at "wss://rpc.example:8546?key=kF9x" (https://rpc.example)' }).object["text"],
    ).toBe('at "wss://rpc.example:8546/[redacted]" (https://rpc.example)');
  });

  test("origins, transaction hashes and ids are written unchanged", () => {
    const fields = {
      url: "http://127.0.0.1:3000",
      tx_hash: `0x${"ab".repeat(32)}`,
      id: "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    };
    expect(writeLine(fields).object).toMatchObject(fields);
  });

  test("an error is written with its causes, and its texts are redacted", () => {
    const cause = Object.assign(new Error(`token ${TOKEN} of ada@example.com`), { code: "P2002" });
    const { object, line } = writeLine({
      err: new Error("outer", { cause: new AggregateError([cause], "several") }),
    });
    expect(object["err"]).toMatchObject({
      type: "Error",
      message: "outer",
      because: [
        {
          type: "AggregateError",
          because: [
            {
              code: "P2002",
              message: "token tf_as_[redacted] of [email]",
              stack: expect.stringContaining("log.test.ts") as string,
            },
          ],
        },
      ],
    });
    expect(line).not.toContain("ada@");
  });

  test("circular values, circular causes and bytes are written without failing", () => {
    const circular: Record<string, unknown> = { bytes: Buffer.from("secret") };
    circular["self"] = circular;
    const error = new Error("loop");
    error.cause = error;
    const { line } = writeLine({ circular, error });
    expect(line).not.toContain("secret");
    expect(line).toContain("[6 bytes]");
  });
});
