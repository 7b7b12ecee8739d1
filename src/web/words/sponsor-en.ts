/** Sentences that all pages of a sponsor share, and of the pages that lead there. */
export const sponsorEn = {
  nav: {
    label: "Organisation",
    campaigns: "Campaigns",
    services: "Services",
    answers: "Answers",
    funds: "Funds",
    webhooks: "Webhooks",
    team: "Team",
  },
  switch: {
    label: "Whose pages are shown",
    yourself: "Yourself",
    operations: "Operations",
    organisations: "Organisations",
    found: "Create an organisation",
  },
  role: { viewer: "Viewer", editor: "Editor", owner: "Owner" },
  roleMay: {
    viewer: "sees everything, changes nothing",
    editor: "changes services and campaigns, judges answers",
    owner: "also funds, withdraws, and decides who is in",
  },
  found: {
    title: "Create an organisation",
    lead: "An organisation offers APIs to agents and pays for their calls. You own it, and can invite others.",
    name: "Name of the organisation",
    nameHint: "People read it when it pays for them. 2 to 50 characters.",
    nameRefused:
      "This name can’t be used. It takes 2 to 50 characters on one line, doesn’t look like our own, and keeps to one alphabet in a word.",
    tooMany: (most: number) =>
      `You own ${most} organisations already. Make somebody else the owner of one first.`,
    submit: "Create it and go on",
  },
  notYours: {
    title: "This isn’t an organisation of yours",
    lead: "You may have been removed, or the address may be mistyped.",
    back: (name: string) => `Go to ${name}`,
  },
};
export type SponsorWords = typeof sponsorEn;
