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
  seeShared: "What you share",
  over: "There is no such task, or the sponsor doesn’t ask it any more.",
  notForYou: "The sponsor asks this of other people.",
};
export type TaskWords = typeof taskEn;
