/** What the page of a sponsor's task says. */
export const taskEn = {
  title: (sponsor: string) => `What ${sponsor} asks`,
  lead: (sponsor: string) =>
    `${sponsor} pays for what your agents use, and asks this in return. You can answer here, or tell your agent what to answer.`,
  inTheirWords: "In the sponsor’s words",
  purpose: "What for",
  kept: "Kept for",
  paysFor: "Then pays for",
  nothingNow: "nothing at the moment",
  yourAnswers: "Your answers",
  optional: (question: string) => `${question} (may stay empty)`,
  oneALine: "One a line.",
  fromStored: "From your stored data.",
  yes: "Yes",
  no: "No",
  missing: "This is asked for.",
  doesntFit: "This doesn’t fit what is asked for, or holds data that isn’t asked for here.",
  refused: "The answers don’t fit what is asked for. Nothing was shared.",
  contact: (sponsor: string) => `${sponsor} may contact me`,
  nothingPersonal: "Only these answers are shared, nothing else about you.",
  holds: (data: string) => `Shared with the answers: ${data}. You can stop sharing it later.`,
  share: (sponsor: string) => `Share these answers with ${sponsor}`,
  noForm: "These questions have a form that this page can’t show. Your agent can answer them with you.",
  done: "You have answered this",
  doneNote: (sponsor: string, when: string) =>
    `Shared with ${sponsor} ${when}. Your agent finds out by itself and goes on.`,
  heldNote: (sponsor: string, until: string) =>
    `${sponsor} looks at your answers before it pays. If it says nothing, they count from ${until}.`,
  heldBefore: (sponsor: string, hours: string) =>
    `${sponsor} looks at answers before it pays: ${hours} at most. Then they count.`,
  rule: (sponsor: string) => `${sponsor} has a rule for answers, which decides at once.`,
  rejected: (sponsor: string, reason: string) =>
    `${sponsor} rejected your earlier answers: ${reason}. They were erased here.`,
  ruleRefused: "The sponsor’s rule rejected these answers. Nothing was shared.",
  triesLeft: (tries: number) => `You can answer ${tries === 1 ? "once" : `${tries} times`} more.`,
  reasons: {
    incomplete: "incomplete",
    implausible: "implausible",
    off_topic: "not about the question",
    duplicate: "given before",
    low_effort: "too short or careless",
    not_wanted: "not needed any more",
    rule: "its rule doesn’t allow them",
    other: "another reason",
  },
  seeShared: "What you share",
  over: "There is no such task, or the sponsor doesn’t ask it any more.",
  notForYou: "The sponsor asks this of other people.",
};
export type TaskWords = typeof taskEn;
