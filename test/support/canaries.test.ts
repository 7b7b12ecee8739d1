import { expect, test } from "vitest";
import { Caller } from "./caller.ts";
import { startTestServer } from "./server.ts";

/** Tests of the search for canaries that runs when a test server closes. */

test("closing a test server fails if its log holds personal data", async () => {
  const server = await startTestServer();
  server.deps.log.info({ answer: "call +351 912 345 678" }, "for a test");
  await expect(server.close()).rejects.toThrow("the log holds a phone number");
  await server.database.close();
});

test("closing a test server fails if a column that isn't encrypted holds personal data", async () => {
  const server = await startTestServer();
  await new Caller(server.url).createUser({ attributes: { home: "Rua Augusta 1" } });
  await expect(server.close()).rejects.toThrow("the database holds a street");
  await server.database.close();
});

test("closing a test server fails if bytes in the database hold personal data, or a column holds a server's key", async () => {
  const server = await startTestServer();
  const userId = await new Caller(server.url).createUser();
  const data = { userId, dataType: "name", value: Buffer.from("ada@example.com") };
  await server.deps.db.vaultItem.create({ data });
  await new Caller(server.url).createUser({
    attributes: { key: Buffer.from(server.options.encryptionKeys[0]).toString("base64") },
  });
  const closing = server.close();
  await expect(closing).rejects.toThrow("the database holds an e-mail address");
  await expect(closing).rejects.toThrow("the database holds a key of the server");
  await server.database.close();
});
