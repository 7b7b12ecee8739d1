import { expect, test } from "vitest";
import { startTestServer } from "./server.ts";
import { createUser } from "./world.ts";

/** The watch over every test's server: it has to see what it is there to see. */

test("a secret in the log fails whoever closes the server", async () => {
  const server = await startTestServer();
  server.deps.log.info({ answer: "call +351 912 345 678" }, "for a test");
  await expect(server.close()).rejects.toThrow("the log holds a phone number");
  await server.database.close();
});

test("personal data in a column that isn't encrypted does", async () => {
  const server = await startTestServer();
  await createUser(server.url, { attributes: { home: "Rua Augusta 1" } });
  await expect(server.close()).rejects.toThrow("the database holds a street");
  await server.database.close();
});

test("personal data as plain bytes does, and a key of the server does", async () => {
  const server = await startTestServer();
  const userId = await createUser(server.url);
  const data = { userId, dataType: "name", value: Buffer.from("ada@example.com") };
  await server.deps.db.vaultItem.create({ data });
  await createUser(server.url, {
    attributes: { key: Buffer.from(server.options.encryptionKeys[0]).toString("base64") },
  });
  const closing = server.close();
  await expect(closing).rejects.toThrow("the database holds an e-mail address");
  await expect(closing).rejects.toThrow("the database holds a key of the server");
  await server.database.close();
});
