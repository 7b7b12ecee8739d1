import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";

export interface MailServer {
  port: number;
  /** Every line that clients said. */
  said: string[];
  /** The mails that were handed over in full, also those that weren't taken. */
  mails: string[];
  /** What becomes of the next mails. `hold`: no answer comes. */
  answers: "take" | "refuse" | "hold";
  close(): void;
}

/** Waits for the sign-in link of a mail to this address, and returns its path and query. */
export async function signInLinkOf({ mails }: MailServer, email: string): Promise<string> {
  let link = "";
  await eventually(() => {
    const mail = mails.find((each) => each.includes(`To: ${email}`) && each.includes("magic-link"));
    // The mail's lines are cut: a "=" at the end goes on in the next, and "=3D" is a "=".
    const text = (mail ?? "").replaceAll("=\n", "").replaceAll("=3D", "=");
    link = /\/auth\/magic-link\/verify\S+/.exec(text)?.[0] ?? "";
    expect(link).not.toBe("");
  });
  return link;
}

/** Starts a mail server without TLS. */
export async function startMailServer(answers: MailServer["answers"] = "take"): Promise<MailServer> {
  const server = createServer((socket) => {
    let mail: string[] | undefined;
    socket.write("220 test\r\n");
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      for (const line of chunk
        .toString()
        .split("\r\n")
        .filter((each) => each !== "")) {
        state.said.push(line);
        if (mail !== undefined) {
          if (line !== ".") mail.push(line);
          else {
            state.mails.push(mail.join("\n"));
            mail = undefined;
            if (state.answers !== "hold") socket.write("250 taken\r\n");
          }
        } else if (line.startsWith("RCPT") && state.answers === "refuse")
          socket.write("550 no such person\r\n");
        else if (line === "DATA") {
          mail = [];
          socket.write("354 go on\r\n");
        } else socket.write("250 ok\r\n");
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const state: MailServer = {
    ...{ port: (server.address() as AddressInfo).port, said: [], mails: [], answers },
    close: () => void server.close(),
  };
  return state;
}
