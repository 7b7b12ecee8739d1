import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { expectSuccess } from "../support/call.ts";
import { createBuyer } from "../support/buyer.ts";
import type { Buyer } from "../support/buyer.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { openSignedIn, useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** Somebody founds an organisation, invites another person, and makes a key, in Chromium. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

async function newPerson(): Promise<string> {
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  return email;
}

test("a person founds an organisation and invites another, who joins by the mail's link and sees what their role allows", async () => {
  const ada = await newPerson();
  const bea = await newPerson();
  const { page, close } = await openSignedIn(browser, { url: `${world.server.url}/team`, email: ada });

  await page.getByLabel("Name of the organisation").fill("Tollfree Ads");
  await page.getByRole("button", { name: "Create it and go on" }).click();
  await page.getByText("This name can’t be used.").waitFor();
  await page.getByLabel("Name of the organisation").fill("Helio Maps");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Create it and go on" }).click();
  await page.getByRole("heading", { level: 1, name: "Services" }).waitFor();
  await page.getByRole("link", { name: "Team" }).click();
  await page.getByRole("heading", { level: 1, name: "Team" }).waitFor();
  const address = page.url();
  expect(new URL(address).searchParams.get("org")).toMatch(/^[0-9a-f-]{36}$/);

  await page.getByLabel("E-mail address").fill(bea);
  await page.getByRole("button", { name: "Mail the invitation" }).click();
  await page.getByText(`An invitation to ${bea} is on its way.`).waitFor();
  await page.getByRole("article", { name: bea }).getByText("Viewer").waitFor();
  const link = await mailbox.link(bea, "Join Helio Maps on Tollfree");

  const invited = await openSignedIn(browser, { url: world.server.url + link, email: bea });
  await invited.page.getByText(`${ada} invites you as Viewer.`).waitFor();
  await expectAccessible(invited.page);
  await invited.page.getByRole("button", { name: "Join Helio Maps" }).click();
  await invited.page.getByRole("heading", { level: 1, name: "Campaigns" }).waitFor();
  await invited.page.getByRole("link", { name: "Team" }).click();
  await invited.page.getByRole("article", { name: ada }).getByText("Owner").waitFor();
  expect(await invited.page.getByRole("button", { name: "Make a key" }).count()).toBe(0);

  await page.reload();
  await page.getByLabel(`Role of ${bea}`).selectOption("Editor");
  await page.getByText(`${bea} is Editor now.`).waitFor();
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.getByLabel("Sponsor key").inputValue();
  expectSuccess(await world.call("sponsor.listCampaigns", {}, key));
  await expectAccessible(page);
  await page.getByRole("button", { name: "I have stored it" }).click();
  expect(await page.content()).not.toContain(key);
  await page
    .getByRole("row", { name: /Made a key/ })
    .getByText("Done")
    .waitFor();

  await page.getByLabel(`Role of ${ada}`).selectOption("Viewer");
  await page.getByText("An organisation needs an owner.").waitFor();
  await page.getByRole("article", { name: bea }).getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove them now" }).click();
  await page.getByRole("article", { name: bea }).waitFor({ state: "detached" });
  await invited.page.goto(address);
  await invited.page.getByRole("heading", { level: 1, name: "Create an organisation" }).waitFor();
  await invited.close();
  await close();
});

/** The page's wallet: it signs with a key that holds test USDC, on this chain until it is asked to switch. */
async function giveWallet(page: Page, { wallet }: Buyer, chainId: number): Promise<{ signed: () => number }> {
  let chain = chainId;
  let signed = 0;
  await page.exposeFunction(
    "askWallet",
    async ({ method, params = [] }: { method: string; params?: unknown[] }) => {
      switch (method) {
        case "eth_requestAccounts":
          return [wallet.address];
        case "eth_chainId":
          return `0x${chain.toString(16)}`;
        case "wallet_switchEthereumChain":
          chain = Number((params[0] as { chainId: string }).chainId);
          return null;
        case "eth_signTypedData_v4": {
          signed += 1;
          const { domain, types, primaryType, message } = JSON.parse(String(params[1]));
          return wallet.signTypedData({ domain, types, primaryType, message });
        }
        default:
          throw new Error(`the wallet doesn't know ${method}`);
      }
    },
  );
  await page.addInitScript("window.ethereum = { request: (call) => window.askWallet(call) }");
  return { signed: () => signed };
}

test("an owner funds a campaign with the browser's wallet and withdraws from it, on the chain, and the books show both", async () => {
  const email = await newPerson();
  const { page, close } = await openSignedIn(browser, { url: `${world.server.url}/funds`, email });
  await page.getByLabel("Name of the organisation").fill("Helio Maps");
  await page.getByRole("button", { name: "Create it and go on" }).click();
  await page.getByRole("heading", { level: 1, name: "Services" }).waitFor();
  const sponsorId = new URL(page.url()).searchParams.get("org") ?? "";
  await page.getByRole("link", { name: "Team" }).click();
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.getByLabel("Sponsor key").inputValue();
  const service = await world.registerService(key);
  await world.createCampaign({ sponsor_id: sponsorId, key }, [service], {
    name: "Porto walks",
    fundCents: 0,
  });

  const buyer = await createBuyer(10_000_000n);
  const wallet = await giveWallet(page, buyer, 1);
  await page.goto(`${world.server.url}/funds?org=${sponsorId}`);
  const campaign = page.getByRole("article", { name: "Porto walks" });
  await campaign.getByText("Holds no money yet").waitFor();
  await campaign.getByRole("button", { name: "Add funds" }).click();
  await expectAccessible(page);
  await page.getByLabel("Amount in dollars").fill("2.50");
  await page.getByRole("button", { name: "Pay $2.50 with the wallet of this browser" }).click();
  await page.getByText("$2.50 arrived.").waitFor();
  await campaign.getByText("$2.50 left").waitFor();
  const [paid] = await world.db.incomingPayment.findMany({ where: { sponsorId } });
  expect(paid).toMatchObject({ status: "settled", amountMicros: 2_500_000n });
  expect(paid?.payer.toLowerCase()).toBe(buyer.wallet.address.toLowerCase());
  expect(wallet.signed()).toBe(1);
  const movements = page.getByRole("region", { name: "Movements" });
  await movements
    .getByRole("row", { name: /Paid in/ })
    .getByText(paid?.txHash?.slice(0, 8) ?? "no hash")
    .waitFor();

  await page.getByLabel("Address of your wallet").fill("0x12");
  await page.getByRole("button", { name: "Pay withdrawals to this address" }).click();
  await page.getByText("This isn’t an address").waitFor();
  await page.getByLabel("Address of your wallet").fill(buyer.wallet.address);
  await page.getByRole("button", { name: "Pay withdrawals to this address" }).click();
  await page.getByText("Withdrawals go to this address from now on.").waitFor();

  // Somebody who finds the browser open, long after the sign-in.
  await world.db.accountSession.updateMany({
    where: { account: { email } },
    data: { createdAt: new Date(Date.now() - 16 * 60_000) },
  });
  await page.getByLabel("Address of your wallet").fill(`0x${"1".repeat(40)}`);
  await page.getByRole("button", { name: "Pay withdrawals to this address" }).click();
  await page.getByText("this needs a sign-in that is at most 15 minutes old").waitFor();
  await expectAccessible(page);
  const { walletAddress } = await world.db.sponsor.findUniqueOrThrow({ where: { id: sponsorId } });
  expect(walletAddress).toBe(buyer.wallet.address);
  await page.getByRole("button", { name: "Sign out, and in again" }).click();
  await page.locator("input[type=email]").fill(email);
  await page.locator("input[type=password]").fill(PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.getByLabel("Address of your wallet").fill(buyer.wallet.address);
  await page.getByRole("button", { name: "Pay withdrawals to this address" }).click();
  await page.getByText("Withdrawals go to this address from now on.").waitFor();
  await campaign.getByRole("button", { name: "Withdraw" }).click();
  await page.getByLabel(/^Amount in dollars, at most/).fill("9");
  await page.getByRole("button", { name: "Withdraw $9.00" }).click();
  await page.getByText("That is more than what is neither spent").waitFor();
  await page.getByLabel(/^Amount in dollars, at most/).fill("1");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Withdraw $1.00" }).click();
  await page.getByText("$1.00 is on its way to your wallet.").waitFor();
  await campaign.getByText("$1.50 left").waitFor();
  await eventually(async () => {
    const [payout] = await world.db.payout.findMany({ where: { sponsorId } });
    expect(payout).toMatchObject({ status: "settled", amountMicros: 1_000_000n });
  });
  expect(await balanceOf(buyer.wallet.address)).toBe(8_500_000n);
  await movements.getByRole("row", { name: /Withdrawn/ }).waitFor();
  const days = page.getByRole("region", { name: "By day, in the last 30 days" });
  await days.getByRole("cell", { name: "$2.50" }).waitFor();
  await days.getByRole("cell", { name: "$1.00" }).waitFor();
  await page.setViewportSize({ width: 360, height: 800 });
  await expectAccessible(page);
  await close();
});
